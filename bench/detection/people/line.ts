/** The last metre of somebody's network, which can be spoiled without the client's library taking part. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

export class Line {
  readonly #server: Server;
  readonly #pairs = new Set<{ client: Socket; target: Socket }>();
  #dead = false;

  private constructor(host: string, port: number) {
    this.#server = createServer((client) => this.#accept(client, connect(port, host)));
  }

  /** @param url of the server. @returns the line, and the URL of the server through it */
  static async lay(url: string): Promise<{ line: Line; url: string }> {
    const { protocol, hostname, port } = new URL(url);
    const line = new Line(hostname, Number(port));
    await new Promise<void>((resolve) => line.#server.listen(0, "127.0.0.1", resolve));
    return { line, url: `${protocol}//127.0.0.1:${(line.#server.address() as AddressInfo).port}` };
  }

  /** All connections end with a reset; new ones pass. */
  reset(): void {
    for (const { client, target } of this.#pairs) {
      client.resetAndDestroy();
      target.resetAndDestroy();
    }
  }

  /** The server sees the connections end in order. The client learns nothing, and never gets through again. */
  die(): void {
    this.#dead = true;
    for (const { client, target } of this.#pairs) {
      client.pause();
      target.removeAllListeners("data");
      target.destroy();
    }
  }

  #accept(client: Socket, target: Socket): void {
    if (this.#dead) {
      client.on("error", () => {});
      client.pause();
      target.destroy();
      return;
    }
    const pair = { client, target };
    this.#pairs.add(pair);
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      from.on("data", (bytes) => to.write(bytes));
      from.on("end", () => !this.#dead && to.end());
      from.on("error", () => {});
      from.on("close", () => {
        this.#pairs.delete(pair);
        if (!this.#dead) to.destroy();
      });
    }
  }
}
