import type { CLOSE_CODES, CloseName } from "@lastseen/protocol/close-codes";
import type { RequestError } from "./request-error.js";

/**
 * - `connecting`: no session yet; also after a failed attempt, before the next one
 * - `connected`: the service has answered the hello
 * - `reconnecting`: the connection is lost, and the client tries to get back to the session
 * - `disconnected`: stopped; the client does nothing by itself
 */
export type ConnectionState = "connecting" | "connected" | "reconnecting" | "disconnected";

/** Why a client stopped. */
export type DisconnectReason =
  /** `disconnect()` was called. */
  | "client_initiated"
  /** Another tab or device of the user took the session over. */
  | "transferred"
  /** An operator ended the session. */
  | "kicked"
  /** An operator has blocked the user; the error has the code `blocked`, and `data.expiresAt` says until when. */
  | "blocked"
  /** The service ended the session. */
  | "server_closed"
  /** The service did not accept the token, nor a new one. */
  | "unauthorized"
  /** The service refused the hello for another reason, and would refuse it again; the error has its code. */
  | "refused"
  /** A frame was larger than the service takes. */
  | "message_too_big"
  /** The service did not understand this client. */
  | "protocol_error"
  /** The reconnect policy gave up. */
  | "gave_up";

/** Why a client reconnects. */
export type ReconnectCause =
  | "socket_closed"
  /** The page is in the browser's back/forward cache. */
  | "page_cached"
  | "connect_failed"
  | "pong_timeout"
  | "server_restart"
  | "overloaded"
  | "rate_limited"
  | "hello_failed"
  | "token_failed"
  | "unauthorized"
  | "expired"
  | "redirected";

/** The state and, where there is one, the reason for it. */
export type StateAndReason =
  | { readonly state: "connecting" | "connected"; readonly reason: undefined }
  | { readonly state: "reconnecting"; readonly reason: ReconnectCause }
  | { readonly state: "disconnected"; readonly reason: DisconnectReason; readonly error: RequestError };

export type StateChange = StateAndReason & { readonly previous: ConnectionState };

/** What the end of a socket means. */
export type SocketEnd =
  | { kind: "stop"; reason: DisconnectReason }
  /** `retryAfterMs`: the delay that the service asked for. */
  | { kind: "retry"; cause: ReconnectCause; retryAfterMs?: number | undefined };

type Code = (typeof CLOSE_CODES)[CloseName]["code"];

/** The close codes after which the client stops. Only the types come from the protocol, to keep the client small. */
const STOPS: { readonly [code in Code]?: DisconnectReason } = {
  1000: "server_closed",
  1009: "message_too_big",
  4400: "protocol_error",
  4403: "kicked",
  4409: "transferred",
};

/** The close codes after which it tries again. A code that is in neither list means that the connection broke. */
const RETRIES: { readonly [code in Code]?: ReconnectCause } = {
  1012: "server_restart",
  1013: "overloaded",
  4401: "unauthorized",
  4408: "hello_failed",
  4410: "expired",
  4429: "rate_limited",
};

/** What each close code means to the client. */
export function socketEnd(code: number): SocketEnd {
  const reason = STOPS[code as Code];
  return reason ? { kind: "stop", reason } : { kind: "retry", cause: RETRIES[code as Code] ?? "socket_closed" };
}
