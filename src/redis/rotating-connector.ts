import { connect as connectPlain } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import { AbstractConnector } from "ioredis";
import type { HostPort } from "./redis-url.js";

/**
 * Makes a connector to a group of equal nodes. The first attempt connects to a node chosen by chance, each further attempt
 * to the next node.
 *
 * @param tls undefined: no TLS. Read anew for each connection
 * @param endMs after this time a connection that is being closed is destroyed, milliseconds
 * @param wanted asked before each attempt: a node to which it leads instead
 */
export function rotatingConnector(
  nodes: readonly HostPort[],
  tls: ConnectionOptions | undefined,
  endMs: number,
  wanted: () => HostPort | undefined = () => undefined,
): new () => AbstractConnector {
  let turn = Math.floor(Math.random() * nodes.length);

  return class RotatingConnector extends AbstractConnector {
    constructor() {
      super(endMs);
    }

    override connect(): Promise<typeof this.stream> {
      const node = wanted() ?? nodes[turn++ % nodes.length];
      if (!node) return Promise.reject(new Error("no nodes"));
      this.connecting = true;
      this.stream = tls ? connectTls({ ...node, ...tls }) : connectPlain({ ...node });
      this.stream.once("error", (error: Error) => {
        this.firstError = error;
      });
      return Promise.resolve(this.stream);
    }
  };
}
