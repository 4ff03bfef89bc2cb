import type { ConnectionState } from "./connection-state.js";
import type { ClientEvents, SessionInfo } from "./events.js";
import { RequestError } from "./request-error.js";

/** The part of a client that says whether it has a session. */
interface Connecting {
  readonly state: ConnectionState;
  readonly session: SessionInfo | undefined;
  readonly stopError: RequestError | undefined;
  on<K extends keyof ClientEvents>(event: K, listener: (payload: ClientEvents[K]) => void): () => void;
}

/** Resolves as soon as the client has a session. @throws RequestError why it stopped, when it stops first */
export function whenConnected(client: Connecting): Promise<SessionInfo> {
  const stopped = () => client.stopError ?? notStarted();
  const { state, session } = client;
  if (state === "disconnected") return Promise.reject(stopped());
  if (state === "connected" && session) return Promise.resolve(session);
  return new Promise((resolve, reject) => {
    const off = [
      client.on("session", (given) => settle(() => resolve(given))),
      client.on("state", (change) => change.state === "disconnected" && settle(() => reject(stopped()))),
    ];
    const settle = (then: () => void) => {
      for (const stop of off) stop();
      then();
    };
  });
}

/** A client that was made by its constructor does nothing yet. */
export function notStarted(): RequestError {
  return new RequestError("disconnected", "The client has not started: call reconnect().", { retryable: false });
}
