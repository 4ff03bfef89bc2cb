import type { MediaLeftovers, SessionMedia } from "../../ports/media-plane.js";
import type { ExternalTransports } from "./external-transports.js";

/** A session's stay in a room: closes what the application has made for the session. */
export class ExternalSessionMedia implements SessionMedia {
  readonly requests = null;
  readonly #transports: ExternalTransports;
  #closed = false;

  constructor(transports: ExternalTransports) {
    this.#transports = transports;
  }

  get closed(): boolean {
    return this.#closed;
  }

  counts(): { transports: number; producers: number; consumers: number } {
    return this.#transports.counts();
  }

  reset(): void {
    if (!this.#closed) this.#transports.closeAll();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#transports.closeAll();
  }

  verifyClosed(): Promise<MediaLeftovers> {
    return this.#transports.verifyClosed();
  }
}
