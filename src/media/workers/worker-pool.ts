import { backOff } from "../../kernel/back-off.js";
import type { Clock, Timer } from "../../kernel/clock.js";
import { Loop } from "../../kernel/loop.js";
import { withTimeLimit } from "../../kernel/time-limit.js";
import { startFailure } from "./start-failure.js";
import { mediaUnavailable } from "../media-errors.js";
import type { MediaLogger, MediaTimeLimits } from "../media-options.js";
import { MediaWorker } from "./media-worker.js";

export interface WorkerPoolOptions {
  clock: Clock;
  logger: MediaLogger;
  limits: MediaTimeLimits;
  workers: number;
  workerBin: string;
  listenIp: string;
  announcedIp: string | undefined;
  port: number;
  /** A worker has ended without an order to do so, and its media is gone. Called before its replacement starts. */
  onLost: (worker: MediaWorker, died: boolean) => void;
}

/** A worker and, after its end, its replacements: they get the same index and the same port. */
interface Slot {
  readonly index: number;
  worker: MediaWorker | undefined;
  startedAt: number;
  /** Losses and failed starts in a row. */
  failures: number;
  timer: Timer | undefined;
  starting: Promise<void> | undefined;
}

/**
 * Starts the worker processes, gives rooms the worker with the least load, and replaces a worker that ends or does not
 * answer. The wait before a replacement doubles with each loss in a row.
 *
 *     RoomRouter -> WorkerPool -> MediaWorker -> mediasoup-worker process
 */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #slots: Slot[];
  readonly #health: Loop;
  readonly #checking = new Set<MediaWorker>();
  readonly #waiting = new Set<(worker: MediaWorker) => void>();
  #closing: Promise<void> | undefined;

  private constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#slots = Array.from({ length: options.workers }, (_, index) => ({
      index,
      worker: undefined,
      startedAt: 0,
      failures: 0,
      timer: undefined,
      starting: undefined,
    }));
    this.#health = new Loop({
      clock: options.clock,
      intervalMs: options.limits.healthIntervalMs,
      task: async () => void (await Promise.all(this.#workers().map((worker) => this.#check(worker)))),
      onError: (error) => options.logger.error({ err: error }, "the health check of the media workers failed"),
    });
  }

  /** Starts all workers. When one of them cannot be started, ends the others and rejects. */
  static async create(options: WorkerPoolOptions): Promise<WorkerPool> {
    const pool = new WorkerPool(options);
    const starts = await Promise.allSettled(pool.#slots.map((slot) => pool.#start(slot)));
    const index = starts.findIndex(({ status }) => status === "rejected");
    const failed = starts[index];
    if (failed?.status === "rejected") {
      await pool.close();
      throw startFailure(failed.reason, options, index);
    }
    pool.#health.start();
    return pool;
  }

  /** How many workers can take rooms. */
  get size(): number {
    return this.#workers().length;
  }

  /** Whether a worker other than this one can take more. */
  hasSpareWorker(full: MediaWorker): boolean {
    return this.#workers().some((worker) => worker !== full && !worker.full);
  }

  /** The worker with the least load, if possible one that is not full. Waits while all workers are being replaced. */
  async acquire(): Promise<MediaWorker> {
    if (this.#closing) throw mediaUnavailable();
    const all = this.#workers();
    const spare = all.filter((worker) => !worker.full);
    const [first, ...others] = spare.length > 0 ? spare : all;
    if (first) return others.reduce((best, worker) => (isLess(worker, best) ? worker : best), first);
    const { promise, resolve } = withResolvers<MediaWorker>();
    this.#waiting.add(resolve);
    try {
      const { clock, limits } = this.#options;
      return await withTimeLimit(clock, limits.callMs, "the wait for a media worker", promise);
    } catch (error) {
      throw mediaUnavailable(error);
    } finally {
      this.#waiting.delete(resolve);
    }
  }

  /** Starts no more workers; resolves when all of them have ended. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#health.close();
    for (const slot of this.#slots) slot.timer?.cancel();
    await Promise.all(
      this.#slots.map(async (slot) => {
        await slot.starting;
        await slot.worker?.close();
      }),
    );
  }

  #workers(): MediaWorker[] {
    return this.#slots.flatMap(({ worker }) => (worker?.usable ? [worker] : []));
  }

  async #start(slot: Slot): Promise<void> {
    const { port, clock, logger } = this.#options;
    const worker = await MediaWorker.start({
      ...this.#options,
      index: slot.index,
      port: port === 0 ? 0 : port + slot.index,
    });
    slot.worker = worker;
    slot.startedAt = clock.mono();
    worker.onUnanswered((unanswered) => void this.#check(unanswered));
    worker.worker.observer.once("close", () => this.#lost(slot, worker));
    worker.worker.on("listenererror", (event, error) =>
      logger.error({ err: error, event, worker: slot.index }, "a listener of a media worker failed"),
    );
    logger.info({ worker: slot.index, pid: worker.pid }, "media worker started");
    for (const resolve of this.#waiting) resolve(worker);
  }

  /** A request can be slow for reasons of its own, so a worker that answers the health check is kept. */
  async #check(worker: MediaWorker): Promise<void> {
    if (!worker.usable || this.#checking.has(worker)) return;
    this.#checking.add(worker);
    try {
      await worker.checkHealth();
    } catch (error) {
      if (!worker.usable || this.#closing) return;
      this.#options.logger.error({ err: error, worker: worker.index }, "media worker does not answer, killing it");
      worker.kill();
    } finally {
      this.#checking.delete(worker);
    }
  }

  #lost(slot: Slot, worker: MediaWorker): void {
    slot.worker = undefined;
    if (this.#closing) return;
    const { clock, limits, logger, onLost } = this.#options;
    const livedMs = Math.round(clock.mono() - slot.startedAt);
    if (livedMs > limits.restartMaxMs) slot.failures = 0;
    const startInMs = this.#scheduleStart(slot);
    logger.error({ worker: slot.index, pid: worker.pid, livedMs, startInMs }, "media worker lost");
    onLost(worker, worker.worker.died);
  }

  /** @returns in how many milliseconds the replacement starts */
  #scheduleStart(slot: Slot): number {
    const { clock, limits, logger } = this.#options;
    slot.failures += 1;
    const rhythm = { firstMs: limits.restartMinMs, mostMs: limits.restartMaxMs, jitter: 0 };
    const waitMs = backOff(slot.failures, rhythm);
    slot.timer = clock.after(waitMs, () => {
      slot.timer = undefined;
      slot.starting = this.#start(slot)
        .catch((error: unknown) => {
          const startInMs = this.#closing ? undefined : this.#scheduleStart(slot);
          logger.error({ err: error, worker: slot.index, startInMs }, "media worker could not be started again");
        })
        .finally(() => (slot.starting = undefined));
    });
    return waitMs;
  }
}

/** Transports count first, because they cost more than the rooms that they are in. */
function isLess(one: MediaWorker, other: MediaWorker): boolean {
  const difference = one.load.transports - other.load.transports;
  return difference < 0 || (difference === 0 && one.load.rooms < other.load.rooms);
}

/** `Promise.withResolvers`, which Node 20 does not have. */
function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((fulfil) => (resolve = fulfil));
  return { promise, resolve };
}
