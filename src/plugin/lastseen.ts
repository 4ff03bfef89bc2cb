import type { Transport } from "mediasoup/types";
import { viewSession, type SessionView } from "../http/session-view.js";
import type { ExternalPlane } from "../media/external-plane.js";
import type { Participant } from "../protocol/messages/index.js";
import type { Service } from "../service.js";
import type { LifecycleEvents } from "../session/events.js";
import type { Session } from "../session/session.js";

/** What the application sees and does: `app.lastseen`. All of this node; none of it asks another one. */
export class Lastseen {
  readonly #service: Service;
  readonly #media: ExternalPlane;
  readonly #nodeId: string;

  constructor(parts: { service: Service; media: ExternalPlane; nodeId: string }) {
    this.#service = parts.service;
    this.#media = parts.media;
    this.#nodeId = parts.nodeId;
  }

  /** The session and the evidence that decides whether it is alive. */
  findSession(sessionId: string): SessionView | undefined {
    const session = this.#service.registry.find(sessionId);
    return session && this.#view(session);
  }

  /** The sessions of all the user's tabs and devices. */
  sessionsOf(userId: string): readonly SessionView[] {
    return this.#service.registry.ofUser(userId).map((session) => this.#view(session));
  }

  /** Who is really in the room, and since when each was last seen; nobody in a room that there is not. */
  whoIsIn(roomId: string): readonly Participant[] {
    const room = this.#service.rooms.find(roomId);
    return room ? this.#service.rooms.participants(room) : [];
  }

  /**
   * Ends the session, with everything that it has. Resolves after the first attempt at its cleanup.
   *
   * @returns `false` when there is no such session
   */
  async kick(sessionId: string): Promise<boolean> {
    const session = this.#service.registry.find(sessionId);
    return session ? this.#service.reaper.end(session, { reason: "kicked" }) : false;
  }

  /**
   * From here on the transport is closed with the session. Not needed where `appData.sessionId` says so already.
   *
   * @returns `false` when there is no such session (any more); the transport is closed then
   * @throws Error when mediasoup has not told of the transport, which says why
   */
  own(sessionId: string, transport: Transport): boolean {
    return this.#media.own(sessionId, transport);
  }

  /**
   * Calls `listener` with each step of that kind in any session's life. Returns the function that ends it. What the
   * listener throws is logged.
   */
  on<K extends keyof LifecycleEvents>(event: K, listener: (step: LifecycleEvents[K]) => void): () => void {
    return this.#service.lifecycle.on(event, listener);
  }

  #view(session: Session): SessionView {
    return viewSession(session, this.#service.liveness, this.#nodeId);
  }
}
