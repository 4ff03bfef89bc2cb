import type { ErrorCode, EventData, RequestType } from "@lastseen/protocol";
import type { DisconnectReason } from "./connection-state.js";
import { RequestError } from "./request-error.js";
import { stopError, type Trouble } from "./trouble.js";
import { notStarted } from "./when-connected.js";

/** What has gone wrong with the connection: what a request without one is told. */
export class Failures {
  /** Why there is no connection now. */
  trouble: Trouble | undefined;
  /** Why the client has stopped; undefined while it runs, and before it starts. */
  stopped: RequestError | undefined;
  /** The error that the service sent last, if no other frame came after it: it may end the socket now. */
  #said: RequestError | undefined;

  /** The client starts. */
  forget(): void {
    this.stopped = this.trouble = this.#said = undefined;
  }

  /** A frame came. @param error when it was an error that answers no request */
  heard(error?: EventData<"error">): void {
    this.#said =
      error && new RequestError(error.code as ErrorCode, error.message, { retryable: false, data: error.data });
  }

  /** The connection has ended. @returns what the service said last */
  takeSaid(): RequestError | undefined {
    const said = this.#said;
    this.#said = undefined;
    return said;
  }

  /** The client stops. @returns the error for everything that is asked of it from now on */
  stop(reason: DisconnectReason, said: RequestError | undefined): RequestError {
    this.stopped = stopError(reason, said, reason === "gave_up" ? this.trouble : undefined);
    return this.stopped;
  }

  /** Why a request got no answer. */
  noConnection(type: RequestType, isStopped: boolean, cause?: RequestError): RequestError {
    if (isStopped) return this.stopped ?? notStarted();
    const why = cause ?? this.trouble;
    return new RequestError("disconnected", `There is no connection for ${type}. ${why?.message ?? "Wait for it."}`, {
      cause,
    });
  }
}
