import type { Transport } from "mediasoup/types";
import type { SessionView } from "../admin/session-view.js";
import type { Participant } from "@lastseen/protocol";
import type { LifecycleEvents } from "../session/events.js";

/** What the application can see and do: `app.lastseen`. Everything concerns this node only; no call asks another node. */
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
   * From now on the transport is closed together with the session. Not needed when `appData.sessionId` of the transport names the
   * session.
   *
   * @returns `false` when the session does not exist or has ended; the transport is closed then
   * @throws Error when the plugin has not seen the transport. The message says why
   */
  own(sessionId: string, transport: Transport): boolean;

  /**
   * Calls `listener` with each step of this kind of any session. Returns the function that removes the listener. When the
   * listener throws, the plugin logs the error.
   */
  on<K extends keyof LifecycleEvents>(event: K, listener: (step: LifecycleEvents[K]) => void): () => void;
}
