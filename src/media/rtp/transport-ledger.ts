import type { MediaLeftovers } from "../../ports/media-plane.js";
import type { AskablePlace, MediaVerifier } from "../workers/media-verifier.js";

/** Ids of one kind that one session remembers until they are checked; a page makes two transports per visit. */
const REMEMBERED = 1024;

interface Account {
  transports: Set<string>;
  producers: Set<string>;
  consumers: Set<string>;
}

/**
 * What a session had closed and nobody has checked yet. Producers and consumers that it closed one by one are not
 * written down: they ended in one of these transports, and end with it at the latest.
 */
export class TransportLedger {
  readonly #accounts = new Map<AskablePlace, Account>();

  /** Writes down a transport that was closed, with what was in it. */
  add(place: AskablePlace, transportId: string, contents: { producers: string[]; consumers: string[] }): void {
    const account = this.#accountOf(place);
    account.transports.add(transportId);
    for (const id of contents.producers) account.producers.add(id);
    for (const id of contents.consumers) account.consumers.add(id);
    for (const ids of Object.values(account) as Set<string>[]) dropOldest(ids);
  }

  /** Strikes out what the workers no longer hold and returns the rest. Rejects when one of them cannot be asked. */
  async settle(verifier: MediaVerifier): Promise<MediaLeftovers> {
    const left = { transports: [] as string[], producers: [] as string[], consumers: [] as string[] };
    for (const [place, account] of this.#accounts) {
      const { transports, producers, consumers } = account;
      const asked = [...transports, ...producers, ...consumers];
      const remaining = await verifier.remaining(place, asked);
      for (const id of asked) {
        if (remaining.has(id)) continue;
        for (const ids of [transports, producers, consumers]) ids.delete(id);
      }
      if (transports.size + producers.size + consumers.size === 0) this.#accounts.delete(place);
      left.transports.push(...transports);
      left.producers.push(...producers);
      left.consumers.push(...consumers);
    }
    return left;
  }

  #accountOf(place: AskablePlace): Account {
    let account = this.#accounts.get(place);
    if (!account) {
      // What ended with its worker needs no check.
      for (const old of this.#accounts.keys()) if (old.worker.worker.subprocessClosed) this.#accounts.delete(old);
      account = { transports: new Set(), producers: new Set(), consumers: new Set() };
      this.#accounts.set(place, account);
    }
    return account;
  }
}

function dropOldest(ids: Set<string>): void {
  for (const id of ids) {
    if (ids.size <= REMEMBERED) return;
    ids.delete(id);
  }
}
