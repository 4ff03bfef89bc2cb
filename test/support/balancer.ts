import { createConnection, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { endTogether } from "./socket-pair.js";

/** One address for several nodes. Each connection goes to the next node in turn that accepts it. */
export class Balancer {
  readonly #server: Server;
  readonly #ports: readonly number[];
  readonly #sockets = new Set<Socket>();
  #next = 0;

  private constructor(ports: readonly number[]) {
    this.#ports = ports;
    this.#server = createServer((client) => {
      client.on("error", () => client.destroy());
      this.#connect(client, 0);
    });
  }

  /** Starts a balancer. It ends with the test. */
  static async start(ports: readonly number[], port = 0): Promise<Balancer> {
    const balancer = new Balancer(ports);
    await new Promise<void>((resolve) => balancer.#server.listen(port, "127.0.0.1", resolve));
    onTestFinished(() => balancer.close());
    return balancer;
  }

  get http(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #connect(client: Socket, attempts: number): void {
    const port = this.#ports[this.#next++ % this.#ports.length];
    if (port === undefined || attempts >= this.#ports.length) {
      client.resetAndDestroy();
      return;
    }
    const target = createConnection(port, "127.0.0.1");
    target.once("error", () => this.#connect(client, attempts + 1));
    target.once("connect", () => {
      target.removeAllListeners("error");
      endTogether(client, target, this.#sockets);
      client.pipe(target);
      target.pipe(client);
    });
  }
}
