import type { Transport } from "mediasoup/types";
import type { SessionView } from "@lastseen/protocol/http";
import type { Participant } from "@lastseen/protocol";
import type { LastseenEvents } from "./events.js";

/**
 * What the application can see and do: `app.lastseen`. Everything but blocks and blocked callers concerns this node only; no call asks another
 * node.
 */
export interface Lastseen {
  /** The session and the evidence that decides whether it is alive. */
  findSession(sessionId: string): SessionView | undefined;

  /** The sessions of all the user's tabs and devices. */
  sessionsOf(userId: string): readonly SessionView[];

  /** Who is really in the room, and when each participant was last seen. Empty when the room does not exist. */
  whoIsIn(roomId: string): readonly Participant[];

  /**
   * Ends the session and closes everything that it owns. Resolves after the first attempt at its cleanup.
   *
   * @returns `false` when there is no such session
   */
  kick(sessionId: string): Promise<boolean>;

  /**
   * Blocks a user for a time, on all nodes: the user's sessions end, and new ones are refused with `blocked`. With `roomId` only
   * in that room. A second block of the same user and room replaces the first one.
   *
   * @returns when the block ends, epoch milliseconds
   * @throws LastseenError `bad_message` for a wrong value, `overloaded` when `MAX_BLOCKS` blocks last or Redis does not answer
   */
  block(userId: string, block: { seconds: number; roomId?: string }): Promise<number>;

  /**
   * Lifts a block. Without `roomId` it lifts the block that is not for one room.
   *
   * @returns `false` when there is no such block
   * @throws LastseenError `overloaded` when Redis does not answer
   */
  unblock(userId: string, block?: { roomId?: string }): Promise<boolean>;

  /**
   * The user's devices do not ring any more when this caller calls, on all nodes. The caller does not learn it: the calls look as
   * if nobody answers.
   *
   * @throws LastseenError `bad_message` for a wrong id, `overloaded` when the list is full or Redis does not answer
   */
  blockCaller(userId: string, callerId: string): Promise<void>;

  /** @returns `false` when the user had not blocked this caller. @throws LastseenError `overloaded` when Redis does not answer */
  unblockCaller(userId: string, callerId: string): Promise<boolean>;

  /** The ids of the callers whom the user has blocked. @throws LastseenError `overloaded` when Redis does not answer */
  blockedCallersOf(userId: string): Promise<readonly string[]>;

  /**
   * From now on the transport is closed together with the session. Not needed when `appData.sessionId` of the transport names the
   * session.
   *
   * @returns `false` when the session does not exist or has ended; the transport is closed then
   * @throws Error when the plugin has not seen the transport, and always with `AGENT_TOKEN`: the transports are in the processes of
   *   agents then. The message says why
   */
  own(sessionId: string, transport: Transport): boolean;

  /**
   * Calls `listener` with each step of this kind of any session on this node. What the listener gets is a frozen copy without any
   * secret; see {@link LastseenEvents}. When the listener throws, or its promise rejects, the error goes to the log with the name of
   * the event, and everything else goes on. A listener for `call_ringing` means that the application can wake the devices of users who
   * are not connected: from then on calls can ring for them.
   *
   * @returns removes the listener
   * @throws TypeError when there is no such event; the message names those that there are
   */
  on<K extends keyof LastseenEvents>(event: K, listener: (step: LastseenEvents[K]) => unknown): () => void;
}
