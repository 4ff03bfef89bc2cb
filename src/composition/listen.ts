import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { StartError } from "../kernel/start-error.js";

/**
 * So many connections may wait until the service takes them; the system may allow fewer (`net.core.somaxconn`). With Node's own 511, a
 * crowd that comes back at once mostly waits outside: its packets are dropped, and TCP tries again only after 1, 3, 7 and 15 s. The grace
 * of some is over by then.
 */
const BACKLOG = 16_384;

/**
 * Opens the port of a server and returns its number.
 *
 * @param setting which setting names the port
 * @throws StartError when the port is taken, not allowed, or not on this machine
 */
export async function listen(
  server: FastifyInstance,
  setting: "PORT" | "WEB_PORT",
  { port, host }: { port: number; host: string },
): Promise<number> {
  try {
    await server.listen({ port, host, backlog: BACKLOG });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    const reason = reasonFor(code, `${setting} ${port} on ${host}`, host);
    throw reason === undefined ? error : new StartError(reason, { cause: error });
  }
  return (server.server.address() as AddressInfo).port;
}

function reasonFor(code: unknown, port: string, host: string): string | undefined {
  switch (code) {
    case "EADDRINUSE":
      return `${port} is taken`;
    case "EACCES":
      return `${port} may not be opened by this user`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `HOST ${host} is no address of this machine`;
    default:
      return undefined;
  }
}
