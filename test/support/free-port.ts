import { createServer } from "node:net";

/**
 * Below the ports that the system gives out by itself (Linux: from 32768), so that no connection and no other server
 * gets one before whoever asked for it listens there.
 */
const FIRST = 20_000;
const COUNT = 12_000;
/** Processes of the test runner begin far from each other. */
let next = Math.floor(Math.random() * COUNT);

/** A TCP port of the loopback address that nobody uses at this moment, and that this process gives out once. */
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
