/**
 * Calls that are over here while the service may believe that they ring or go on: the promise of `start` has rejected, the
 * ring has timed out, or the request to end the call got no answer. The client repeats `endCall` until it is answered.
 */
import type { Timers } from "./environment.js";
import type { Connection } from "./connection.js";
import { RequestError } from "./request-error.js";

/** Between two `endCall` requests for the same call. */
const RETRY_MS = 5_000;

export class GivenUpCalls {
  readonly #connection: Connection;
  readonly #timers: Timers;
  /** By call id: the timer of the next `endCall`, if there is one. */
  readonly #calls = new Map<string, unknown>();

  constructor(connection: Connection, timers: Timers) {
    this.#connection = connection;
    this.#timers = timers;
  }

  has(callId: string): boolean {
    return this.#calls.has(callId);
  }

  /** Whether there is a call whose end the service has not confirmed. */
  get isTelling(): boolean {
    return this.#calls.size > 0;
  }

  /** The call is over here, and has to end for the service too. */
  add(callId: string): void {
    if (this.has(callId)) return;
    this.#calls.set(callId, undefined);
    this.#tell(callId);
  }

  /** A hello was answered. @param callId the session's call as the service knows it */
  greeted(callId: string | undefined): void {
    for (const known of this.#calls.keys()) if (known !== callId) this.remove(known);
    if (callId !== undefined && this.has(callId)) this.#tell(callId);
  }

  /** The call is over for the service too. */
  remove(callId: string): void {
    this.#timers.clear(this.#calls.get(callId));
    this.#calls.delete(callId);
  }

  /** Stops the timers. The calls stay given up, in case the session is resumed. */
  stop(): void {
    for (const timer of this.#calls.values()) this.#timers.clear(timer);
  }

  #tell(callId: string): void {
    this.#timers.clear(this.#calls.get(callId));
    this.#connection.request("endCall", { callId }).then(
      () => this.remove(callId),
      (error: unknown) => {
        if (error instanceof RequestError && error.code === "call_gone") this.remove(callId);
        // Without a connection the next hello says whether the call still has to be ended.
        else if (this.has(callId) && this.#connection.state === "connected") {
          const timer = this.#timers.set(RETRY_MS, () => this.#tell(callId));
          this.#calls.set(callId, timer);
        }
      },
    );
  }
}
