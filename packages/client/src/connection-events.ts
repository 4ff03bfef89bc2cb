/** What the connection tells the other parts of the client. */
import type { ReplyData } from "@lastseen/protocol";
import type { StateChange } from "./connection-state.js";
import type { ServiceEvent } from "./frame.js";
import type { Retry } from "./reconnect-timer.js";

export interface Greeting {
  readonly reply: ReplyData<"hello">;
  /** For how long the service may have received nothing; Infinity when it says that the session had expired. Ms. */
  readonly silentMs: number;
}

export interface ConnectionEvents {
  state: StateChange;
  retry: Retry;
  greeted: Greeting;
  event: ServiceEvent;
  pong: { version: number | undefined; rttMs: number | undefined };
}
