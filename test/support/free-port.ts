import { createServer } from "node:net";

/**
 * Below the ports that the system gives out itself (Linux: from 32768). So no connection and no other server gets the port
 * before the caller listens there.
 */
const FIRST = 20_000;
const COUNT = 12_000;
/** The processes of the test runner start at distant ports. */
let next = Math.floor(Math.random() * COUNT);

/** Returns a free TCP port of the loopback address. This process returns each port once. */
export async function freePort(): Promise<number> {
  for (let tried = 0; tried < COUNT; tried += 1) {
    const port = FIRST + (next++ % COUNT);
    if (await isFree(port)) return port;
  }
  throw new Error("no port is free");
}

/** Whether nobody listens there at this moment. */
export function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
