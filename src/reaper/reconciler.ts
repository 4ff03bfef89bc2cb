import type { Directory } from "../ports/directory.js";
import type { ForeignMedia, MediaKind, MediaOrphan, MediaPlane } from "../ports/media-plane.js";
import type { SessionRegistry } from "../session/registry.js";
import type { Session } from "../session/session.js";
import type { ReconcileReport } from "./report.js";

/** The part of the rooms that the reconciler needs. */
export interface RoomRosters {
  all(): Iterable<{ id: string; members: ReadonlyMap<string, Session> }>;
  leave(roomId: string, session: Session, reason: "disconnected"): void;
  readonly participantCount: number;
}

/**
 * Compares the sessions, the rooms, the directory and the media workers of this node, in both directions: every media object
 * and roster entry must belong to a live session, and the media of a live session must exist in its worker. An object that
 * is being made or closed at this moment looks wrong too, so the reconciler acts on media only when two comparisons in a
 * row have seen the same fault.
 */
export class Reconciler {
  readonly #registry: SessionRegistry;
  readonly #rooms: RoomRosters;
  readonly #media: MediaPlane;
  readonly #orphanClosed: (kind: MediaKind) => void;
  readonly #directory: Directory;
  #suspects = new Set<string>();

  constructor(options: {
    registry: SessionRegistry;
    rooms: RoomRosters;
    media: MediaPlane;
    directory: Directory;
    /** Called for every media object that was closed because it had no session. */
    orphanClosed?: (kind: MediaKind) => void;
  }) {
    this.#registry = options.registry;
    this.#rooms = options.rooms;
    this.#media = options.media;
    this.#directory = options.directory;
    this.#orphanClosed = options.orphanClosed ?? (() => {});
  }

  /** Media objects that have no live session at this moment. */
  orphans(): readonly MediaOrphan[] {
    return this.#media.findOrphans((sessionId) => this.#registry.find(sessionId) !== undefined);
  }

  /** Media objects that other code in this process made. */
  foreign(): ForeignMedia {
    return this.#media.unowned();
  }

  async reconcile(): Promise<ReconcileReport> {
    const rosterRepaired = this.#repairRosters();
    const { closed, suspected } = this.#closeOrphans();
    const mediaReset = await this.#resetLost();
    const { sessions } = await this.#directory.own();
    return {
      orphansClosed: closed,
      orphansSuspected: suspected,
      mediaReset,
      foreignMedia: this.foreign(),
      rosterRepaired,
      directoryDrift: sessions.length - this.#registry.size,
    };
  }

  #repairRosters(): number {
    let repaired = 0;
    for (const room of this.#rooms.all()) {
      for (const session of room.members.values()) {
        if (session.status !== "ended") continue;
        this.#rooms.leave(room.id, session, "disconnected");
        repaired += 1;
      }
    }
    return repaired;
  }

  /** The client still believes that it sends and receives. After `media_reset` it makes its media again. */
  async #resetLost(): Promise<number> {
    if (!this.#media.enabled) return 0;
    let reset = 0;
    for (const sessionId of await this.#media.findLost()) {
      const session = this.#registry.find(sessionId);
      if (session?.status !== "open" || !session.participation) continue;
      session.participation.media.reset();
      session.connection?.sendEvent("media_reset", { reason: "media_lost" });
      reset += 1;
    }
    return reset;
  }

  #closeOrphans(): { closed: number; suspected: number } {
    const suspects = new Set<string>();
    let closed = 0;
    for (const orphan of this.orphans()) {
      if (!this.#suspects.has(orphan.id)) suspects.add(orphan.id);
      else if (this.#media.closeOrphan(orphan)) {
        this.#orphanClosed(orphan.kind);
        closed += 1;
      }
    }
    this.#suspects = suspects;
    return { closed, suspected: suspects.size };
  }
}
