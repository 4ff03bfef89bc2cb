import type { AddressInfo } from "node:net";
import type { FastifyInstance } from "fastify";
import { StartError } from "../kernel/start-error.js";

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
    await server.listen({ port, host });
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
