import type { Connection } from "../../../src/gateway/connection.js";
import { SocketWatch } from "../../../src/gateway/socket-watch.js";

/** The real deadlines of sockets. It also tells when the next one is due. */
export class WatchedSockets extends SocketWatch {
  readonly #connections = new Set<Connection>();

  override opened(connection: Connection): void {
    this.#connections.add(connection);
    super.opened(connection);
  }

  override closed(connection: Connection): void {
    this.#connections.delete(connection);
    super.closed(connection);
  }

  /** When the next deadline is due, in virtual milliseconds; `Infinity` when there is none. */
  get nextDueAt(): number {
    let at = Infinity;
    for (const { expiry } of this.#connections) if (expiry.list && expiry.dueAt < at) at = expiry.dueAt;
    return at;
  }
}
