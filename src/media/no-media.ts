import { LastseenError, type ProducerView } from "@lastseen/protocol";
import type {
  ForeignMedia,
  MediaKind,
  MediaLeftovers,
  MediaOrphan,
  MediaPlane,
  SessionMedia,
} from "../ports/media-plane.js";
import { notFound, notJoined } from "./media-errors.js";

/** The media side of a service without workers: rooms and presence work, and it refuses media requests. */
export class NoMedia implements MediaPlane {
  readonly available = false;
  readonly enabled = false;

  on(): () => void {
    return () => {};
  }

  join(): Promise<SessionMedia> {
    return Promise.resolve(new NoSessionMedia());
  }

  counts(): { workers: number } & Record<MediaKind, number> {
    return { workers: 0, router: 0, transport: 0, producer: 0, consumer: 0 };
  }

  findOrphans(): readonly MediaOrphan[] {
    return [];
  }

  closeOrphan(): boolean {
    return false;
  }

  findLost(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  unowned(): ForeignMedia {
    return { transport: 0, producer: 0, consumer: 0 };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const NO_PRODUCERS: readonly ProducerView[] = [];

/** A session's stay in a room without media. */
export class NoSessionMedia implements SessionMedia {
  readonly routerRtpCapabilities = null;
  readonly producers = NO_PRODUCERS;
  #closed = false;

  get closed(): boolean {
    return this.#closed;
  }

  counts(): { transports: number; producers: number; consumers: number } {
    return { transports: 0, producers: 0, consumers: 0 };
  }

  createTransport(): Promise<never> {
    return this.#refuse();
  }

  connectTransport(): Promise<never> {
    return this.#refuse();
  }

  restartIce(): Promise<never> {
    return this.#refuse();
  }

  produce(): Promise<never> {
    return this.#refuse();
  }

  setProducerPaused(): Promise<never> {
    return this.#refuse();
  }

  closeProducer(): void {
    throw this.#closed ? notJoined() : notFound("producer");
  }

  consume(): Promise<never> {
    return this.#refuse();
  }

  setConsumerPaused(): Promise<never> {
    return this.#refuse();
  }

  closeConsumer(): void {
    throw this.#closed ? notJoined() : notFound("consumer");
  }

  setPreferredLayers(): Promise<never> {
    return this.#refuse();
  }

  reset(): void {}

  close(): void {
    this.#closed = true;
  }

  verifyClosed(): Promise<MediaLeftovers> {
    return Promise.resolve({ transports: [], producers: [], consumers: [] });
  }

  #refuse(): Promise<never> {
    return Promise.reject(
      this.#closed ? notJoined() : new LastseenError("media_unavailable", "This service carries no media."),
    );
  }
}
