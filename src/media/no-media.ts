import type {
  ForeignMedia,
  MediaKind,
  MediaLeftovers,
  MediaOrphan,
  MediaSight,
  PassiveMediaPlane,
  SessionMedia,
  TabChange,
} from "../ports/media-plane.js";

/** The media side of a service without workers: rooms and presence work, and nobody can make media. */
export class NoMedia implements PassiveMediaPlane {
  readonly available = false;
  readonly enabled = false;
  readonly sight: MediaSight = { state: "none" };

  on(): () => void {
    return () => {};
  }

  join(): Promise<NoSessionMedia> {
    return Promise.resolve(new NoSessionMedia());
  }

  lookForSilence(): void {}

  counts(): { workers: number } & Record<MediaKind, number> {
    return { workers: 0, router: 0, transport: 0, producer: 0, consumer: 0 };
  }

  findOrphans(): readonly MediaOrphan[] {
    return [];
  }

  closeOrphan(): boolean {
    return false;
  }

  unowned(): ForeignMedia {
    return { transport: 0, producer: 0, consumer: 0 };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A session's stay in a room without media. */
export class NoSessionMedia implements SessionMedia {
  readonly requests = null;
  #closed = false;

  get closed(): boolean {
    return this.#closed;
  }

  counts(): { transports: number; producers: number; consumers: number } {
    return { transports: 0, producers: 0, consumers: 0 };
  }

  watch(_isWatched: boolean): void {}

  reset(): void {}

  changeTab(_sources: readonly string[], _over: () => void): TabChange | undefined {
    return undefined;
  }

  close(): void {
    this.#closed = true;
  }

  handOver(): void {
    this.close();
  }

  verifyClosed(): Promise<MediaLeftovers> {
    return Promise.resolve({ transports: [], producers: [], consumers: [] });
  }
}
