import type { Clock } from "../kernel/clock.js";
import type { Connection } from "./connection.js";

/** How long clients have to answer the closing handshake when the service stops, milliseconds. */
const GOODBYE_MS = 2_000;

/** So many sockets are closed before the event loop gets its turn again. */
const IN_A_TURN = 100;

/** All sockets that have not ended, and their common end when the service stops. */
export class OpenConnections {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #connections = new Set<Connection>();
  #allEnded: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  /** @param options `random`: from 0 to 1 */
  constructor({ clock, random }: { clock: Clock; random: () => number }) {
    this.#clock = clock;
    this.#random = random;
  }

  get size(): number {
    return this.#connections.size;
  }

  /** Whether {@link close} was called. */
  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  add(connection: Connection): void {
    this.#connections.add(connection);
  }

  remove(connection: Connection): void {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#allEnded?.();
  }

  /**
   * Tells every client when to come back, each at another moment, and closes the sockets. A client that does not answer the
   * closing handshake in time is cut off.
   *
   * @param spreadMs all clients come back within this time
   */
  close(spreadMs: number): Promise<void> {
    this.#closing ??= this.#close(spreadMs);
    return this.#closing;
  }

  async #close(spreadMs: number): Promise<void> {
    let closed = 0;
    for (const connection of this.#connections) {
      if (++closed % IN_A_TURN === 0) await this.#clock.pollPhase();
      connection.sendEvent("server_closing", { reconnectAfterMs: Math.round(this.#random() * spreadMs) });
      connection.close("serviceRestart");
    }
    if (this.#connections.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#allEnded = resolve;
      this.#clock.after(GOODBYE_MS, resolve);
    });
    for (const connection of this.#connections) connection.destroy("did not answer the closing handshake");
  }
}
