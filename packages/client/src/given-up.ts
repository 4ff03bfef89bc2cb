/**
 * Calls that are over here while the service may believe that they ring or go on: an attempt whose promise has failed, a
 * ring that nobody has answered in time, an end that could not be told. The service is told until it has understood.
 */
import type { Timers } from "./environment.js";
import type { Connection } from "./connection.js";
import { RequestError } from "./request-error.js";

/** After this time what the service has not understood is told again. */
const AGAIN_MS = 5_000;

export class GivenUpCalls {
  readonly #connection: Connection;
  readonly #timers: Timers;
  /** With the timer of what is told again. */
  readonly #calls = new Map<string, unknown>();

  constructor(connection: Connection, timers: Timers) {
    this.#connection = connection;
    this.#timers = timers;
  }

  has(callId: string): boolean {
    return this.#calls.has(callId);
  }

  /** There is a call of which the service has not said that it knows of its end. */
  get isTelling(): boolean {
    return this.#calls.size > 0;
  }

  /** The call is over here, and shall be there. */
  add(callId: string): void {
    if (this.has(callId)) return;
    this.#calls.set(callId, undefined);
    this.#tell(callId);
  }

  /** A hello was answered: this is the call that the service believes in, if it does in any. */
  greeted(callId: string | undefined): void {
    for (const known of this.#calls.keys()) if (known !== callId) this.over(known);
    if (callId !== undefined && this.has(callId)) this.#tell(callId);
  }

  /** The call is over for the service as well. */
  over(callId: string): void {
    this.#timers.clear(this.#calls.get(callId));
    this.#calls.delete(callId);
  }

  /** There is nobody to tell any more. What is given up stays so, in case the session is taken up again. */
  stop(): void {
    for (const timer of this.#calls.values()) this.#timers.clear(timer);
  }

  #tell(callId: string): void {
    this.#timers.clear(this.#calls.get(callId));
    this.#connection.request("endCall", { callId }).then(
      () => this.over(callId),
      (error: unknown) => {
        if (error instanceof RequestError && error.code === "call_gone") this.over(callId);
        // Without a line there is a hello to come, which tells whether this is still needed.
        else if (this.has(callId) && this.#connection.state === "connected") {
          const timer = this.#timers.set(AGAIN_MS, () => this.#tell(callId));
          this.#calls.set(callId, timer);
        }
      },
    );
  }
}
