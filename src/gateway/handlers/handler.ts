import type { ReplyData, RequestData, RequestType } from "@lastseen/protocol";
import type { Session } from "../../session/session.js";
import type { Connection } from "../connection.js";

/** What a handler gets: who sent the request, its data, and a way to reply. */
export interface Context<T extends RequestType> {
  connection: Connection;
  session: Session;
  data: RequestData<T>;
  /**
   * Sends the reply at once, so what the connection gets afterwards is newer. Every handler that does not throw calls it
   * exactly once.
   */
  readonly reply: (data: ReplyData<T>) => void;
}

/** Handles one type of request. Throws a LastseenError for an expected failure. */
export type Handler<T extends RequestType> = (context: Context<T>) => void | Promise<void>;

/** The handlers of all requests that need a session. `hello` creates one, and the gateway itself answers `ping`. */
export type Handlers = { [T in Exclude<RequestType, "hello" | "ping" | "alive">]: Handler<T> };
