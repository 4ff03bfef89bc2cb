import { closeName } from "@lastseen/protocol/close-codes";

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
  /** The service ended the session. */
  | "server_closed"
  /** The service did not accept the token, nor a new one. */
  | "unauthorized"
  /** A frame was larger than the service takes. */
  | "message_too_big"
  /** The service did not understand this client. */
  | "protocol_error"
  /** The reconnect policy gave up. */
  | "gave_up";

/** Why a client reconnects. */
export type ReconnectCause =
  | "socket_closed"
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
  | { readonly state: "disconnected"; readonly reason: DisconnectReason };

export type StateChange = StateAndReason & { readonly previous: ConnectionState };

/** What the end of a socket means. */
export type SocketEnd = { kind: "stop"; reason: DisconnectReason } | { kind: "retry"; cause: ReconnectCause };

/** What each close code means to the client. A code that is not in the list means that the connection broke. */
export function socketEnd(code: number): SocketEnd {
  switch (closeName(code)) {
    case "bye":
      return { kind: "stop", reason: "server_closed" };
    case "messageTooBig":
      return { kind: "stop", reason: "message_too_big" };
    case "badMessage":
      return { kind: "stop", reason: "protocol_error" };
    case "kicked":
      return { kind: "stop", reason: "kicked" };
    case "transferred":
      return { kind: "stop", reason: "transferred" };
    case "expired":
      return { kind: "retry", cause: "expired" };
    case "serviceRestart":
      return { kind: "retry", cause: "server_restart" };
    case "overloaded":
      return { kind: "retry", cause: "overloaded" };
    case "rateLimited":
      return { kind: "retry", cause: "rate_limited" };
    case "helloTimeout":
      return { kind: "retry", cause: "hello_failed" };
    case "unauthorized":
      return { kind: "retry", cause: "unauthorized" };
    default:
      return { kind: "retry", cause: "socket_closed" };
  }
}
