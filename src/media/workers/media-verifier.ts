import type { Router, Worker } from "mediasoup/types";
import { delay, type Clock } from "../../kernel/clock.js";
import { limited } from "./limited.js";
import { mediaUnavailable, type Refusal } from "../media-errors.js";
import type { MediaTimeLimits } from "../media-options.js";

/** A worker that can be asked what it holds. Its requests have a time limit. */
export interface AskedWorker {
  readonly worker: Worker;
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
  call<T>(what: string, refusal: Refusal, request: () => Promise<T>): Promise<T>;
}

/** A router, and the worker to ask what it holds. */
export interface AskablePlace {
  readonly worker: AskedWorker;
  readonly router: Router;
}

type Held = ReadonlySet<string>;

const NOTHING: Held = new Set();

/**
 * Asks the workers what they still hold. mediasoup's `close()` only sends a request; the worker's own dump proves that the
 * worker has carried it out. Requests travel to a worker in order, so a dump that is requested after a close shows the
 * result of that close.
 *
 * One dump answers all checks that were asked for before it is sent, because participants often leave together.
 */
export class MediaVerifier {
  readonly #clock: Clock;
  readonly #limits: Pick<MediaTimeLimits, "callMs" | "verifyWindowMs">;
  readonly #batches = new Map<object, Promise<Held>>();

  constructor(clock: Clock, limits: Pick<MediaTimeLimits, "callMs" | "verifyWindowMs">) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /**
   * Which of these ids the room's router still holds, or its worker when the router is closed.
   *
   * @throws LastseenError `media_unavailable` when the worker does not answer in time
   */
  async remaining(place: AskablePlace, ids: Iterable<string>): Promise<Held> {
    const asked = [...ids];
    if (asked.length === 0) return NOTHING;
    const held = await this.#held(place);
    return new Set(asked.filter((id) => held.has(id)));
  }

  async #held(place: AskablePlace): Promise<Held> {
    const { router, worker } = place;
    if (worker.worker.closed) return this.#ended(worker);
    try {
      if (router.closed) return await this.#batch(worker, () => dumpWorker(worker));
      // The router may close before the dump is sent.
      return await this.#batch(router, () => (router.closed ? this.#held(place) : dumpRouter(place)));
    } catch (error) {
      if (worker.worker.closed) return await this.#ended(worker);
      throw error;
    }
  }

  #batch(of: object, dump: () => Promise<Held>): Promise<Held> {
    const open = this.#batches.get(of);
    if (open) return open;
    const batch = delay(this.#clock, this.#limits.verifyWindowMs).then(() => {
      this.#batches.delete(of);
      return dump();
    });
    this.#batches.set(of, batch);
    return batch;
  }

  /** A process that has ended holds nothing, so this waits until it has ended. */
  async #ended(worker: AskedWorker): Promise<Held> {
    try {
      await limited(this.#clock, this.#limits.callMs, "the end of a media worker", worker.ended);
      return NOTHING;
    } catch (error) {
      throw mediaUnavailable(error);
    }
  }
}

async function dumpRouter({ worker, router }: AskablePlace): Promise<Held> {
  const dump = await worker.call("a dump of a router", "media_unavailable", () => router.dump());
  return new Set([
    ...dump.transportIds,
    ...dump.mapProducerIdConsumerIds.map(({ key }) => key),
    ...dump.mapConsumerIdProducerId.map(({ key }) => key),
  ]);
}

/** The ids of everything in the worker that takes requests: that is every object of every router. */
async function dumpWorker(worker: AskedWorker): Promise<Held> {
  const dump = await worker.call("a dump of a worker", "media_unavailable", () => worker.worker.dump());
  return new Set(dump.channelMessageHandlers.channelRequestHandlers);
}
