import type { MediaCheck, SessionMedia } from "../../ports/media-plane.js";
import type { SilenceWatch } from "../silence.js";
import type { ExternalTransports } from "./external-transports.js";

/** A session's stay in a room: closes what the application has made for the session. */
export class ExternalSessionMedia implements SessionMedia {
  readonly requests = null;
  readonly #transports: ExternalTransports;
  readonly #silence: SilenceWatch;
  readonly #verify: () => Promise<MediaCheck>;
  #stopLooking: (() => void) | undefined;
  #closed = false;

  /** @param verify asks the workers what is left of these transports */
  constructor(transports: ExternalTransports, silence: SilenceWatch, verify: () => Promise<MediaCheck>) {
    this.#verify = verify;
    this.#transports = transports;
    this.#silence = silence;
  }

  get closed(): boolean {
    return this.#closed;
  }

  counts(): { transports: number; producers: number; consumers: number } {
    return this.#transports.counts();
  }

  watch(isWatched: boolean): void {
    this.#stopLooking?.();
    this.#stopLooking = isWatched && !this.#closed ? this.#silence.follow(this.#transports) : undefined;
  }

  reset(): void {
    if (!this.#closed) this.#transports.closeAll();
  }

  /** The media is the application's, and its pages do not tell what they will send. */
  changeTab(): undefined {
    this.reset();
    return undefined;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopLooking?.();
    this.#transports.closeAll();
  }

  /** The media of the application ends with this process. */
  handOver(): void {
    this.close();
  }

  verifyClosed(): Promise<MediaCheck> {
    return this.#verify();
  }
}
