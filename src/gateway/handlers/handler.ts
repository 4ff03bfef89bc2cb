import type { ReplyData, RequestData, RequestType } from "@lastseen/protocol";
import type { Session } from "../../session/session.js";
import type { Connection } from "../connection.js";

/** What a handler gets: who asks, what for, and where to answer. */
export interface Context<T extends RequestType> {
  connection: Connection;
  session: Session;
  data: RequestData<T>;
  /**
   * Sends the answer, at this very moment: what is sent to the connection afterwards is newer. Called once by every
   * handler that does not throw.
   */
  readonly reply: (data: ReplyData<T>) => void;
}

/** Carries out one type of request. Expected failures are thrown as LastseenError. */
export type Handler<T extends RequestType> = (context: Context<T>) => void | Promise<void>;

/** Handlers of all requests that need a session. `hello` makes one, `ping` is the gateway's own. */
export type Handlers = { [T in Exclude<RequestType, "hello" | "ping">]: Handler<T> };
