import { TcpProxy } from "../tcp-proxy.js";

/**
 * One node's own way to each Redis of a cluster, so that it can be cut off from one of them. A cluster tells its clients the ports of
 * its members. The node's process connects to a proxy instead.
 */
export class Ways {
  readonly #proxies: ReadonlyMap<number, TcpProxy>;

  private constructor(proxies: ReadonlyMap<number, TcpProxy>) {
    this.#proxies = proxies;
  }

  static async to(ports: readonly number[]): Promise<Ways> {
    const proxies = await Promise.all(ports.map(async (port) => [port, await TcpProxy.start(port)] as const));
    return new Ways(new Map(proxies));
  }

  /** What the node's process needs in its environment. */
  get settings(): Readonly<Record<string, string>> {
    const ports = Array.from(this.#proxies, ([port, proxy]) => [port, proxy.port]);
    const program = `
      import { Socket } from "node:net";
      const ways = new Map(${JSON.stringify(ports)});
      const { connect } = Socket.prototype;
      Socket.prototype.connect = function (...args) {
        const options = Array.isArray(args[0]) ? args[0][0] : args[0];
        const way = ways.get(Number(options?.port));
        if (way !== undefined) options.port = way;
        return connect.apply(this, args);
      };`;
    return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(program)}` };
  }

  /** @param port of a Redis, as the cluster tells it */
  of(port: number): TcpProxy | undefined {
    return this.#proxies.get(port);
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#proxies.values(), (proxy) => proxy.close()));
  }
}
