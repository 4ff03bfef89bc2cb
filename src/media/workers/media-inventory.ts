import type { Observer, Worker } from "mediasoup/types";
import type { ForeignMedia, MediaKind, MediaOrphan } from "../../ports/media-plane.js";
import { MediaTree, type MediaObject } from "./media-tree.js";

interface Entry {
  readonly worker: Worker;
  /** From `appData`; undefined for routers, and for objects that other code in this process made. */
  readonly sessionId: string | undefined;
  readonly object: { close(): void };
}

/**
 * All routers, transports, producers and consumers in this process, as mediasoup itself announces them, no matter which
 * code made them. The service compares its own records with this list. Make it before the first worker, because it
 * hears nothing of a worker that started earlier.
 */
export class MediaInventory {
  readonly #tree: MediaTree;
  readonly #entries: Record<MediaKind, Map<string, Entry>> = {
    router: new Map(),
    transport: new Map(),
    producer: new Map(),
    consumer: new Map(),
  };

  /** @param source mediasoup's `observer` */
  constructor(source: Observer) {
    this.#tree = new MediaTree(source, {
      onWorker: () => {},
      onWorkerClosed: (worker) => this.#removeAllOf(worker),
      onOpened: (opened) => this.#add(opened),
      onClosed: ({ kind, object }) => this.#entries[kind].delete(object.id),
    });
  }

  counts(): Record<MediaKind, number> {
    const { router, transport, producer, consumer } = this.#entries;
    return { router: router.size, transport: transport.size, producer: producer.size, consumer: consumer.size };
  }

  /** How many objects name no session. Other code made them: they are counted and never closed. */
  unowned(): ForeignMedia {
    const unownedOf = (kind: MediaKind): number =>
      [...this.#entries[kind].values()].filter(({ sessionId }) => sessionId === undefined).length;
    return { transport: unownedOf("transport"), producer: unownedOf("producer"), consumer: unownedOf("consumer") };
  }

  /** Objects of sessions for which `isLive` returns false; an object comes before the objects in it. */
  findOrphans(isLive: (sessionId: string) => boolean): MediaOrphan[] {
    const orphans: MediaOrphan[] = [];
    for (const [kind, entries] of Object.entries(this.#entries) as [MediaKind, Map<string, Entry>][]) {
      for (const [id, { sessionId }] of entries) {
        if (sessionId !== undefined && !isLive(sessionId)) orphans.push({ kind, id, sessionId });
      }
    }
    return orphans;
  }

  /** @returns `false` when the object is gone already, or belongs to another session */
  closeOrphan({ kind, id, sessionId }: MediaOrphan): boolean {
    const entry = this.#entries[kind].get(id);
    if (!entry || entry.sessionId !== sessionId) return false;
    entry.object.close();
    return true;
  }

  close(): void {
    this.#tree.close();
    for (const entries of Object.values(this.#entries)) entries.clear();
  }

  #add({ kind, object, worker }: MediaObject): void {
    const sessionId = object.appData["sessionId"];
    this.#entries[kind].set(object.id, {
      worker,
      object,
      sessionId: typeof sessionId === "string" ? sessionId : undefined,
    });
  }

  /** Objects report their own end. This is for those that their worker's death kept from doing so. */
  #removeAllOf(worker: Worker): void {
    for (const entries of Object.values(this.#entries)) {
      for (const [id, entry] of entries) if (entry.worker === worker) entries.delete(id);
    }
  }
}
