import { createConnection, createServer, type AddressInfo, type Server, type Socket } from "node:net";

interface Pair {
  client: Socket;
  target: Socket;
}

/**
 * A network between a client and a service that can fail in two ways. Silent: nothing arrives and neither end learns it, as
 * when a cable is pulled. Cut: the proxy resets connections and refuses new ones.
 */
export class TcpProxy {
  readonly #server: Server;
  #targetPort: number;
  readonly #pairs = new Set<Pair>();
  #state: "open" | "silent" | "cut" = "open";
  #losing = 0;

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#server = createServer((client) => this.#accept(client));
  }

  /** @param port where to listen; 0 for any free one */
  static async start(targetPort: number, port = 0): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    await new Promise<void>((resolve) => proxy.#server.listen(port, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** From now on connections lead to this port; all others are reset. */
  leadTo(targetPort: number): void {
    this.#targetPort = targetPort;
    this.resetAll();
  }

  /** Holds the bytes of both directions back until {@link heal}. Sockets stay open. */
  silence(): void {
    this.#state = "silent";
    for (const { client, target } of this.#pairs) {
      client.pause();
      target.pause();
    }
  }

  /** Resets all connections and refuses new ones until {@link heal}. */
  cut(): void {
    this.#state = "cut";
    this.resetAll();
  }

  /**
   * Ends all connections in order, but without a close frame, as when the client's process is killed. Refuses new ones until
   * {@link heal}.
   */
  kill(): void {
    this.#state = "cut";
    for (const { client, target } of this.#pairs) {
      target.end();
      client.destroy();
    }
  }

  /** Resets all connections. New ones pass. */
  resetAll(): void {
    for (const { client, target } of this.#pairs) {
      client.resetAndDestroy();
      target.resetAndDestroy();
    }
  }

  /**
   * Resets all connections. Also resets this number of later connections when the service has accepted them and sends its
   * first message, which does not arrive.
   */
  loseFirstWords(connections: number): void {
    this.#losing = connections;
    this.resetAll();
  }

  /** Number of connections that the proxy will still reset. */
  get losing(): number {
    return this.#losing;
  }

  /** Lets everything pass again, with the bytes that waited. */
  heal(): void {
    this.#state = "open";
    for (const { client, target } of this.#pairs) {
      client.resume();
      target.resume();
    }
  }

  async close(): Promise<void> {
    for (const { client, target } of this.#pairs) {
      client.destroy();
      target.destroy();
    }
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: Socket): void {
    if (this.#state === "cut") {
      client.resetAndDestroy();
      return;
    }
    const target = createConnection(this.#targetPort, "127.0.0.1");
    const pair = { client, target };
    this.#pairs.add(pair);
    let heard = 0;
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      from.on("data", (bytes) => {
        if (from === target) heard += 1;
        // The first chunk is the HTTP answer to the upgrade.
        if (heard < 2 || this.#losing === 0 || !this.#pairs.has(pair)) to.write(bytes);
        else this.#lose(pair);
      });
      from.on("end", () => to.end());
      from.on("error", () => to.destroy());
      from.on("close", () => {
        to.destroy();
        this.#pairs.delete(pair);
      });
      if (this.#state === "silent") from.pause();
    }
  }

  #lose({ client, target }: Pair): void {
    this.#losing -= 1;
    client.resetAndDestroy();
    target.resetAndDestroy();
  }
}
