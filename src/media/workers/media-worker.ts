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
  /** 0: any free one. */
  port: number;
}

/** One worker process with its one port for the media of all rooms on it. */
export class MediaWorker {
  readonly index: number;
  readonly worker: Worker;
  readonly webRtcServer: WebRtcServer;
  /** Routers and transports that are open here; the pool puts new rooms where there are fewest. */
  readonly load = { rooms: 0, transports: 0 };
  /** Resolves when the process has ended and with it everything that it held. */
  readonly ended: Promise<void>;
  readonly #clock: Clock;
  readonly #limits: MediaTimeLimits;
  #condemned = false;
  #fullUntil = -Infinity;
  #onSilence: (worker: MediaWorker) => void = () => {};

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
    leaveSignalsToTheService(worker);
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
    return !this.worker.closed && !this.#condemned;
  }

  /** It has refused something new within the last {@link MediaTimeLimits.fullMs}: rooms are better off elsewhere. */
  get full(): boolean {
    return this.#clock.mono() < this.#fullUntil;
  }

  /** Calls `listener` when a request was not answered in time. */
  onSilence(listener: (worker: MediaWorker) => void): void {
    this.#onSilence = listener;
  }

  /**
   * One request to this worker, within the time limit of requests.
   *
   * @param undo gets what was created too late, to close it
   * @throws LastseenError
   */
  async call<T>(what: string, refusal: Refusal, request: () => Promise<T>, undo?: (late: T) => void): Promise<T> {
    if (!this.usable) throw mediaUnavailable();
    try {
      return await limited(this.#clock, this.#limits.callMs, what, request(), undo);
    } catch (error) {
      if (error instanceof TimeLimitError) this.#onSilence(this);
      if (refusal === "worker_full" && isRefusal(error)) this.#fullUntil = this.#clock.mono() + this.#limits.fullMs;
      throw toMediaError(error, refusal);
    }
  }

  /** Whether it still answers. Rejects when it does not in time, or cannot be asked. */
  async probe(): Promise<void> {
    await limited(this.#clock, this.#limits.callMs, "a probe", this.worker.getResourceUsage());
  }

  /** Ends a process that does not answer: mediasoup then reports its death like any other. */
  kill(): void {
    this.#condemned = true;
    if (this.worker.subprocessClosed) return;
    try {
      process.kill(this.pid, "SIGKILL");
    } catch {
      // It has just ended by itself.
    }
  }

  /** Lets the process end by itself, or kills it when it takes too long. */
  async close(): Promise<void> {
    try {
      this.worker.close();
    } catch {
      // The pipe to it is unusable, so that it cannot be told; the signal below reaches it all the same.
    }
    if (this.worker.subprocessClosed) return;
    const timer = this.#clock.after(this.#limits.workerStopMs, () => this.kill());
    await this.ended;
    timer.cancel();
  }
}

/**
 * mediasoup closes its workers by itself when the process gets SIGINT or SIGTERM, before the service could tell anybody
 * that it is going to stop. When to close them is the service's decision; if it dies instead, they end with it, because
 * their pipe does.
 */
function leaveSignalsToTheService(worker: Worker): void {
  const { onSignal } = worker as unknown as { onSignal?: unknown };
  if (typeof onSignal !== "function") return;
  process.removeListener("SIGINT", onSignal as NodeJS.SignalsListener);
  process.removeListener("SIGTERM", onSignal as NodeJS.SignalsListener);
}
