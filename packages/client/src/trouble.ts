/** Why the client has no connection, in words for the developer: while it tries again, and when it has stopped. */
import type { DisconnectReason } from "./connection-state.js";
import { RequestError } from "./request-error.js";

/**
 * Why an attempt failed or the connection ended:
 *
 * - `unreachable`: nothing answers, or a proxy says that the service does not answer. A browser does not tell scripts why, so
 *   this also means an untrusted certificate, a firewall, or a page whose Content-Security-Policy forbids the address
 * - `origin_refused`: the service is there and does not let pages of this origin in (`CORS_ORIGIN`)
 * - `not_lastseen`: something else answers. A proxy that answers in place of the service looks the same
 * - `tls`: the other scheme (`http` or `https`) answers, or the browser forbids `ws://` in a page that came by https
 * - `refused`: the service refused the handshake or the hello, or `getToken` gave no token
 * - `closed`: the connection was there and has ended
 */
export type RetryKind = "unreachable" | "origin_refused" | "not_lastseen" | "tls" | "refused" | "closed";

/** What is wrong and how to mend it. */
export interface Trouble {
  readonly kind: RetryKind;
  readonly message: string;
}

const WHY: Readonly<Record<DisconnectReason, string>> = {
  client_initiated: "disconnect() was called",
  transferred: "another tab or device has the session",
  kicked: "an operator ended the session",
  blocked: "an operator has blocked the user",
  server_closed: "the service ended the session",
  unauthorized: "the service did not accept the token",
  refused: "the service refused the session",
  message_too_big: "a message was larger than 64 KiB",
  protocol_error: "the service did not understand this client",
  gave_up: "the reconnect policy gave up",
};

/**
 * The error of every call to a client that has stopped. `data.stopped` has the reason.
 *
 * @param said the service's last error, which has its code and message
 * @param trouble the reason of the last attempt that failed
 */
export function stopError(reason: DisconnectReason, said?: RequestError, trouble?: Trouble): RequestError {
  const message = said?.message ?? `The client has stopped: ${trouble?.message ?? `${WHY[reason]}.`}`;
  return new RequestError(said?.code ?? "disconnected", `${message} Call reconnect() to start again.`, {
    retryable: reason === "gave_up",
    data: { ...said?.data, stopped: reason, ...(trouble && { kind: trouble.kind }) },
    cause: said,
  });
}
