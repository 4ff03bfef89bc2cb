import type { Transport } from "mediasoup/types";
import { viewSession, type SessionView } from "../admin/session-view.js";
import type { ExternalPlane } from "../media/external/external-plane.js";
import type { Participant } from "@lastseen/protocol";
import type { Service } from "../composition/service.js";
import type { LifecycleEvents } from "../session/events.js";
import type { Session } from "../session/session.js";
import type { Lastseen } from "./lastseen.js";

/**
 * {@link Lastseen} on the service in this process. It has its own file, so that the types that an application imports do not
 * import the types of the whole service.
 */
export class ServiceView implements Lastseen {
  readonly #service: Service;
  readonly #media: ExternalPlane;
  readonly #nodeId: string;

  constructor(parts: { service: Service; media: ExternalPlane; nodeId: string }) {
    this.#service = parts.service;
    this.#media = parts.media;
    this.#nodeId = parts.nodeId;
  }

  findSession(sessionId: string): SessionView | undefined {
    const session = this.#service.registry.find(sessionId);
    return session && this.#view(session);
  }

  sessionsOf(userId: string): readonly SessionView[] {
    return this.#service.registry.ofUser(userId).map((session) => this.#view(session));
  }

  whoIsIn(roomId: string): readonly Participant[] {
    const room = this.#service.rooms.find(roomId);
    return room ? this.#service.rooms.participants(room) : [];
  }

  async kick(sessionId: string): Promise<boolean> {
    const by = { name: "application" };
    const session = this.#service.registry.find(sessionId);
    return session ? this.#service.reaper.end(session, { reason: "kicked", by }) : false;
  }

  own(sessionId: string, transport: Transport): boolean {
    return this.#media.own(sessionId, transport);
  }

  on<K extends keyof LifecycleEvents>(event: K, listener: (step: LifecycleEvents[K]) => void): () => void {
    return this.#service.lifecycle.on(event, listener);
  }

  #view(session: Session): SessionView {
    return viewSession(session, this.#service.liveness, this.#nodeId);
  }
}
