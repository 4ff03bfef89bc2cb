import type { Worker } from "mediasoup/types";
import type { Clock } from "../../kernel/clock.js";
import { mediaUnavailable, toMediaError, type Refusal } from "../media-errors.js";
import { limited } from "../workers/limited.js";
import type { AskedWorker } from "../workers/media-verifier.js";

/** A worker process of the application. The service asks it what it holds, and neither ends nor replaces it. */
export class ExternalWorker implements AskedWorker {
  readonly worker: Worker;
  readonly ended: Promise<void>;
  readonly #clock: Clock;
  readonly #callMs: number;

  /** @param options `callMs`: how long one request may take, milliseconds */
  constructor(options: { worker: Worker; clock: Clock; callMs: number }) {
    this.worker = options.worker;
    this.#clock = options.clock;
    this.#callMs = options.callMs;
    this.ended = this.worker.subprocessClosed
      ? Promise.resolve()
      : new Promise((resolve) => this.worker.once("subprocessclose", resolve));
  }

  async call<T>(what: string, refusal: Refusal, request: () => Promise<T>): Promise<T> {
    if (this.worker.closed) throw mediaUnavailable();
    try {
      return await limited(this.#clock, this.#callMs, what, request());
    } catch (error) {
      throw toMediaError(error, refusal);
    }
  }
}
