import type { MediaLeftovers } from "../../ports/media-plane.js";
import { NoSessionMedia } from "../no-media.js";
import type { ExternalTransports } from "./external-transports.js";

/** A session's stay in a room: it refuses media requests, and closes what the application has made for the session. */
export class ExternalSessionMedia extends NoSessionMedia {
  readonly #transports: ExternalTransports;

  constructor(transports: ExternalTransports) {
    super();
    this.#transports = transports;
  }

  override counts(): { transports: number; producers: number; consumers: number } {
    return this.#transports.counts();
  }

  override reset(): void {
    if (!this.closed) this.#transports.closeAll();
  }

  override close(): void {
    if (this.closed) return;
    super.close();
    this.#transports.closeAll();
  }

  override verifyClosed(): Promise<MediaLeftovers> {
    return this.#transports.verifyClosed();
  }
}
