import { LastseenError } from "@lastseen/protocol";
import type { MediaKind } from "../../../src/ports/media-plane.js";
import type { EventLoop } from "../world/event-loop.js";
import type { World } from "../world/world.js";

/** Time of a request to a worker and back. */
const USUAL_MS = { least: 0.5, most: 6 } as const;
/** The service waits for an answer for this time. */
const CALL_LIMIT_MS = 5_000;
/** A worker frees some objects late. */
const LATE = { chance: 0.01, least: 200, most: 5_000 } as const;

export type WorkerObject = { sessionId: string; kind: Exclude<MediaKind, "router"> };

/** One media worker process: the objects that it holds and the time that it takes to answer. */
export class MediaWorker {
  readonly objects = new Map<string, WorkerObject>();
  dead = false;
  readonly #world: World;
  readonly #loop: EventLoop;
  #hungUntil = 0;
  #keepsUntil = 0;

  constructor(world: World, loop: EventLoop) {
    this.#world = world;
    this.#loop = loop;
  }

  hangFor(ms: number): void {
    this.#hungUntil = Math.max(this.#hungUntil, this.#world.now.at + ms);
  }

  /** The worker answers, but frees nothing until this time. */
  keepFor(ms: number): void {
    this.#keepsUntil = Math.max(this.#keepsUntil, this.#world.now.at + ms);
  }

  die(): void {
    this.dead = true;
    this.objects.clear();
  }

  /**
   * Lets the worker do something. The answer comes back through the pipe.
   *
   * @param undo receives a result that comes too late
   * @throws LastseenError `media_unavailable` when it takes too long or the worker ends
   */
  call<T>(work: () => T, undo?: (late: T) => void): Promise<T> {
    const { promise, resolve, reject } = answer<T>();
    if (this.dead) {
      reject(unavailable());
      return promise;
    }
    let waiting = true;
    const settle = (run: () => void): void => {
      if (waiting) run();
      waiting = false;
    };
    const sentAt = this.#world.now.at;
    const oneWay = this.#world.between(USUAL_MS.least, USUAL_MS.most) / 2;
    const doneAt = Math.max(sentAt + oneWay, this.#hungUntil);
    if (doneAt + oneWay > sentAt + CALL_LIMIT_MS) {
      this.#loop.arrive(sentAt + CALL_LIMIT_MS, () => settle(() => reject(unavailable())));
    }
    this.#world.at(doneAt, () => {
      if (this.dead) {
        this.#loop.arrive(this.#world.now.at, () => settle(() => reject(unavailable())));
        return;
      }
      const result = work();
      this.#loop.arrive(this.#world.now.at + oneWay, () => {
        if (waiting) settle(() => resolve(result));
        else undo?.(result);
      });
    });
    return promise;
  }

  /** Tells the worker to free an object. */
  free(id: string): void {
    const late = this.#world.chance(LATE.chance) ? this.#world.between(LATE.least, LATE.most) : 0;
    this.#world.at(Math.max(this.#world.now.at + 1, this.#hungUntil, this.#keepsUntil) + late, () =>
      this.objects.delete(id),
    );
  }
}

export function unavailable(): LastseenError {
  return new LastseenError("media_unavailable", "The media service cannot do this right now.");
}

function answer<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  let resolve: (value: T) => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<T>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
}
