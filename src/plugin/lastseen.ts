import type { Transport } from "mediasoup/types";
import type { SessionView } from "../admin/session-view.js";
import type { Participant } from "@lastseen/protocol";
import type { LifecycleEvents } from "../session/events.js";

/** What the application sees and does: `app.lastseen`. All of this node; none of it asks another one. */
export interface Lastseen {
  /** The session and the evidence that decides whether it is alive. */
  findSession(sessionId: string): SessionView | undefined;

  /** The sessions of all the user's tabs and devices. */
  sessionsOf(userId: string): readonly SessionView[];

  /** Who is really in the room, and since when each was last seen; nobody in a room that there is not. */
  whoIsIn(roomId: string): readonly Participant[];

  /**
   * Ends the session, with everything that it has. Resolves after the first attempt at its cleanup.
   *
   * @returns `false` when there is no such session
   */
  kick(sessionId: string): Promise<boolean>;

  /**
   * From here on the transport is closed with the session. Not needed where `appData.sessionId` says so already.
   *
   * @returns `false` when there is no such session (any more); the transport is closed then
   * @throws Error when mediasoup has not told of the transport, which says why
   */
  own(sessionId: string, transport: Transport): boolean;

  /**
   * Calls `listener` with each step of that kind in any session's life. Returns the function that ends it. What the
   * listener throws is logged.
   */
  on<K extends keyof LifecycleEvents>(event: K, listener: (step: LifecycleEvents[K]) => void): () => void;
}
