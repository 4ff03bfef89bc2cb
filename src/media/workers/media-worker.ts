import { createWorker } from "mediasoup";
import type { WebRtcServer, Worker } from "mediasoup/types";
import type { Clock } from "../../kernel/clock.js";
import { limited } from "./limited.js";
import { TimeLimitError } from "../../kernel/time-limit.js";
import { isRefusal, mediaUnavailable, toMediaError, type Refusal } from "../media-errors.js";
import type { MediaLogger, MediaTimeLimits } from "../media-options.js";

export interface MediaWorkerOptions {
  clock: Clock;
  logger: MediaLogger;
  limits: MediaTimeLimits;
  index: number;
  workerBin: string;
  listenIp: string;
  announcedIp: string | undefined;
  /** 0: any free port. */
  port: number;
}

/** One worker process, with one port for the media of all rooms on it. */
export class MediaWorker {
  readonly index: number;
  readonly worker: Worker;
  readonly webRtcServer: WebRtcServer;
  /** How many rooms and transports it has; the pool gives new rooms to the worker with the fewest. */
  readonly load = { rooms: 0, transports: 0 };
  /** Resolves when the process has ended, and with it all that it held. */
  readonly ended: Promise<void>;
  readonly #clock: Clock;
  readonly #limits: MediaTimeLimits;
  #killed = false;
  #fullUntil = -Infinity;
  #onUnanswered: (worker: MediaWorker) => void = () => {};

  private constructor(options: MediaWorkerOptions, worker: Worker, webRtcServer: WebRtcServer, ended: Promise<void>) {
    this.index = options.index;
    this.worker = worker;
    this.webRtcServer = webRtcServer;
    this.ended = ended;
    this.#clock = options.clock;
    this.#limits = options.limits;
  }

  /** Rejects when the program cannot be started or its port is taken. */
  static async start(options: MediaWorkerOptions): Promise<MediaWorker> {
    const { clock, limits, listenIp: ip, announcedIp, port } = options;
    const worker = await limited(
      clock,
      limits.workerStartMs,
      "the start of a media worker",
      createWorker({ workerBin: options.workerBin, logLevel: "warn" }),
      (late) => late.close(),
    );
    removeSignalHandlers(worker);
    const ended = new Promise<void>((resolve) => worker.once("subprocessclose", resolve));
    const address = { ip, ...(announcedIp === undefined ? {} : { announcedAddress: announcedIp }), port };
    try {
      const webRtcServer = await limited(
        clock,
        limits.callMs,
        "the opening of a media port",
        worker.createWebRtcServer({
          listenInfos: [
            { protocol: "udp", ...address },
            { protocol: "tcp", ...address },
          ],
        }),
      );
      return new MediaWorker(options, worker, webRtcServer, ended);
    } catch (error) {
      worker.close();
      throw error;
    }
  }

  get pid(): number {
    return this.worker.pid;
  }

  /** Whether it may get new rooms and requests. */
  get usable(): boolean {
    return !this.worker.closed && !this.#killed;
  }

  /** Whether it has refused to create something within the last {@link MediaTimeLimits.fullMs}. */
  get full(): boolean {
    return this.#clock.mono() < this.#fullUntil;
  }

  /** Sets the listener for requests that were not answered in time. */
  onUnanswered(listener: (worker: MediaWorker) => void): void {
    this.#onUnanswered = listener;
  }

  /**
   * Sends one request to this worker, within {@link MediaTimeLimits.callMs}.
   *
   * @param what names the request in errors
   * @param undo gets an object that was created after the time limit, and closes it
   * @throws LastseenError
   */
  async call<T>(what: string, refusal: Refusal, request: () => Promise<T>, undo?: (late: T) => void): Promise<T> {
    if (!this.usable) throw mediaUnavailable();
    try {
      return await limited(this.#clock, this.#limits.callMs, what, request(), undo);
    } catch (error) {
      if (error instanceof TimeLimitError) this.#onUnanswered(this);
      if (refusal === "worker_full" && isRefusal(error)) this.#fullUntil = this.#clock.mono() + this.#limits.fullMs;
      throw toMediaError(error, refusal);
    }
  }

  /** Rejects when the worker does not answer in time or cannot be asked. */
  async checkHealth(): Promise<void> {
    await limited(this.#clock, this.#limits.callMs, "a health check", this.worker.getResourceUsage());
  }

  /** Kills a process that does not answer; mediasoup then reports its death. */
  kill(): void {
    this.#killed = true;
    if (this.worker.subprocessClosed) return;
    try {
      process.kill(this.pid, "SIGKILL");
    } catch {
      // The process has just ended.
    }
  }

  /** Lets the process end by itself, or kills it when it takes too long. */
  async close(): Promise<void> {
    try {
      this.worker.close();
    } catch {
      // The pipe to the process is broken. The signal below still reaches it.
    }
    if (this.worker.subprocessClosed) return;
    const timer = this.#clock.after(this.#limits.workerStopMs, () => this.kill());
    await this.ended;
    timer.cancel();
  }
}

/**
 * On SIGINT and SIGTERM mediasoup closes its workers at once, before the service can tell its clients that it stops. So
 * its signal handler is removed, and the service closes the workers. If the service dies, its workers end too, because
 * their pipe closes.
 */
function removeSignalHandlers(worker: Worker): void {
  const { onSignal } = worker as unknown as { onSignal?: unknown };
  if (typeof onSignal !== "function") return;
  process.removeListener("SIGINT", onSignal as NodeJS.SignalsListener);
  process.removeListener("SIGTERM", onSignal as NodeJS.SignalsListener);
}
