import type { MediaLeftovers } from "../../ports/media-plane.js";
import type { AskablePlace, MediaVerifier } from "./media-verifier.js";

/** How many ids of each kind one session remembers until they are verified; a page makes two transports per visit. */
const REMEMBERED = 1024;

interface ClosedIds {
  transports: Set<string>;
  producers: Set<string>;
  consumers: Set<string>;
}

/**
 * The media that a session has closed and no worker has confirmed yet. Producers and consumers that the session closed
 * one by one are not in it: each was in one of these transports, and ends with that transport at the latest.
 */
export class ClosedMedia {
  readonly #places = new Map<AskablePlace, ClosedIds>();

  /** Whether everything is confirmed. */
  get isEmpty(): boolean {
    return this.#places.size === 0;
  }

  /** Remembers a transport that was closed, and what was in it. */
  add(place: AskablePlace, transportId: string, contents: { producers: string[]; consumers: string[] }): void {
    const closed = this.#closedAt(place);
    closed.transports.add(transportId);
    for (const id of contents.producers) closed.producers.add(id);
    for (const id of contents.consumers) closed.consumers.add(id);
    for (const ids of Object.values(closed) as Set<string>[]) dropOldest(ids);
  }

  /**
   * Forgets what the workers no longer hold and returns the rest.
   *
   * @throws LastseenError `media_unavailable` when one of the workers does not answer in time
   */
  async verify(verifier: MediaVerifier): Promise<MediaLeftovers> {
    const left = { transports: [] as string[], producers: [] as string[], consumers: [] as string[] };
    for (const [place, { transports, producers, consumers }] of this.#places) {
      const asked = [...transports, ...producers, ...consumers];
      const remaining = await verifier.remaining(place, asked);
      for (const id of asked) {
        if (remaining.has(id)) continue;
        for (const ids of [transports, producers, consumers]) ids.delete(id);
      }
      if (transports.size + producers.size + consumers.size === 0) this.#places.delete(place);
      left.transports.push(...transports);
      left.producers.push(...producers);
      left.consumers.push(...consumers);
    }
    return left;
  }

  #closedAt(place: AskablePlace): ClosedIds {
    let closed = this.#places.get(place);
    if (!closed) {
      // Media that ended with its worker needs no check.
      for (const old of this.#places.keys()) if (old.worker.worker.subprocessClosed) this.#places.delete(old);
      closed = { transports: new Set(), producers: new Set(), consumers: new Set() };
      this.#places.set(place, closed);
    }
    return closed;
  }
}

function dropOldest(ids: Set<string>): void {
  for (const id of ids) {
    if (ids.size <= REMEMBERED) return;
    ids.delete(id);
  }
}
