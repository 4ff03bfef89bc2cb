import { observer } from "mediasoup";
import type { Consumer, Producer, Router, Transport, Worker } from "mediasoup/types";
import type { ForeignMedia, MediaKind, MediaOrphan } from "../../ports/media-plane.js";

interface Entry {
  readonly worker: Worker;
  /** From `appData`; undefined for what is not a session's: routers, and objects of other code in this process. */
  readonly sessionId: string | undefined;
  readonly object: { close(): void };
}

type Countable = Pick<Router | Transport | Producer | Consumer, "id" | "appData"> & {
  close(): void;
  observer: { once(event: "close", listener: () => void): unknown };
};

/**
 * Every router, transport, producer and consumer in this process, as mediasoup itself announces them, whoever made them:
 * what the service's own books are compared with. Make it before the first worker: later is too late for that worker.
 */
export class MediaCensus {
  readonly #entries: Record<MediaKind, Map<string, Entry>> = {
    router: new Map(),
    transport: new Map(),
    producer: new Map(),
    consumer: new Map(),
  };
  #closed = false;

  constructor() {
    observer.on("newworker", this.#onWorker);
  }

  counts(): Record<MediaKind, number> {
    const { router, transport, producer, consumer } = this.#entries;
    return { router: router.size, transport: transport.size, producer: producer.size, consumer: consumer.size };
  }

  /** How many of them name no session: other code's, which is counted but never closed. Routers are nobody's. */
  unowned(): ForeignMedia {
    const unownedOf = (kind: MediaKind): number =>
      [...this.#entries[kind].values()].filter(({ sessionId }) => sessionId === undefined).length;
    return { transport: unownedOf("transport"), producer: unownedOf("producer"), consumer: unownedOf("consumer") };
  }

  /** Objects of sessions that `isLive` denies; what contains others comes before what it contains. */
  findOrphans(isLive: (sessionId: string) => boolean): MediaOrphan[] {
    const orphans: MediaOrphan[] = [];
    for (const [kind, entries] of Object.entries(this.#entries) as [MediaKind, Map<string, Entry>][]) {
      for (const [id, { sessionId }] of entries) {
        if (sessionId !== undefined && !isLive(sessionId)) orphans.push({ kind, id, sessionId });
      }
    }
    return orphans;
  }

  /** `false` when it is gone already, or is not that session's. */
  closeOrphan({ kind, id, sessionId }: MediaOrphan): boolean {
    const entry = this.#entries[kind].get(id);
    if (!entry || entry.sessionId !== sessionId) return false;
    entry.object.close();
    return true;
  }

  close(): void {
    this.#closed = true;
    observer.off("newworker", this.#onWorker);
    for (const entries of Object.values(this.#entries)) entries.clear();
  }

  readonly #onWorker = (worker: Worker): void => {
    worker.observer.on("newrouter", (router) => {
      this.#add("router", router, worker);
      router.observer.on("newtransport", (transport) => {
        this.#add("transport", transport, worker);
        transport.observer.on("newproducer", (producer) => this.#add("producer", producer, worker));
        transport.observer.on("newconsumer", (consumer) => this.#add("consumer", consumer, worker));
      });
    });
    worker.observer.once("close", () => this.#forgetAllOf(worker));
  };

  #add(kind: MediaKind, object: Countable, worker: Worker): void {
    if (this.#closed) return;
    const { id } = object;
    const sessionId = object.appData["sessionId"];
    this.#entries[kind].set(id, { worker, object, sessionId: typeof sessionId === "string" ? sessionId : undefined });
    object.observer.once("close", () => this.#entries[kind].delete(id));
  }

  /** Objects tell their own end; this is for those whose end was cut short by that of their worker. */
  #forgetAllOf(worker: Worker): void {
    for (const entries of Object.values(this.#entries)) {
      for (const [id, entry] of entries) if (entry.worker === worker) entries.delete(id);
    }
  }
}
