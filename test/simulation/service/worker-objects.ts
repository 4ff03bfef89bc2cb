import type { MediaLeftovers } from "../../../src/ports/media-plane.js";
import type { EventLoop } from "../world/event-loop.js";
import type { MediaWorker } from "./media-worker.js";

/** A check waits for this time, so that one dump can answer several checks. */
const VERIFY_WINDOW_MS = 100;

/** The objects of one session in the workers: those being created, and closed ones that may still be there. */
export class WorkerObjects {
  readonly #loop: EventLoop;
  readonly #nextId: () => string;
  readonly #sessionId: string;
  readonly #unverified = new Map<string, MediaWorker>();
  readonly #underWay = new Set<Promise<unknown>>();

  constructor(parts: { loop: EventLoop; nextId: () => string }, sessionId: string) {
    this.#loop = parts.loop;
    this.#nextId = parts.nextId;
    this.#sessionId = sessionId;
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  /** Creates an object in the worker and returns its id. */
  async create(worker: MediaWorker, kind: "transport" | "producer"): Promise<string> {
    const id = this.#nextId();
    const sessionId = this.#sessionId;
    const call = worker.call(
      () => worker.objects.set(id, { sessionId, kind }),
      () => this.release(id, worker),
    );
    this.#underWay.add(call);
    try {
      await call;
      return id;
    } finally {
      this.#underWay.delete(call);
    }
  }

  release(id: string, worker: MediaWorker): void {
    this.#unverified.set(id, worker);
    worker.free(id);
  }

  async verifyClosed(): Promise<MediaLeftovers> {
    await Promise.allSettled(this.#underWay);
    await new Promise<void>((resolve) => this.#loop.after(VERIFY_WINDOW_MS, resolve));
    const transports: string[] = [];
    const producers: string[] = [];
    for (const [id, worker] of this.#unverified) {
      const kind = worker.dead ? undefined : await worker.call(() => worker.objects.get(id)?.kind);
      if (kind === undefined) this.#unverified.delete(id);
      else (kind === "transport" ? transports : producers).push(id);
    }
    return { transports, producers, consumers: [] };
  }
}
