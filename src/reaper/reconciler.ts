import type { Directory, MediaOrphan, MediaPlane } from "../session/ports.js";
import type { SessionRegistry } from "../session/registry.js";
import type { Session } from "../session/session.js";
import type { ReconcileReport } from "./report.js";

/** What the comparison needs of the rooms. */
export interface RoomBooks {
  all(): Iterable<{ id: string; members: ReadonlyMap<string, Session> }>;
  leave(roomId: string, session: Session, reason: "disconnected"): void;
  readonly participantCount: number;
}

/**
 * Compares the service's own books with each other: media objects and roster entries must have a live session behind
 * them. A media object is closed only when two comparisons in a row found nobody behind it, because one that was just
 * being created, or just being closed, looks the same for a moment.
 */
export class Reconciler {
  readonly #registry: SessionRegistry;
  readonly #rooms: RoomBooks;
  readonly #media: MediaPlane;
  readonly #directory: Directory;
  #suspects = new Set<string>();

  constructor(options: { registry: SessionRegistry; rooms: RoomBooks; media: MediaPlane; directory: Directory }) {
    this.#registry = options.registry;
    this.#rooms = options.rooms;
    this.#media = options.media;
    this.#directory = options.directory;
  }

  /** Media objects without a live session, as of now. */
  orphans(): readonly MediaOrphan[] {
    return this.#media.findOrphans((sessionId) => this.#registry.find(sessionId) !== undefined);
  }

  async reconcile(): Promise<ReconcileReport> {
    const rosterRepaired = this.#repairRosters();
    const { closed, suspected } = this.#closeOrphans();
    const { sessions } = await this.#directory.counts();
    return {
      orphansClosed: closed,
      orphansSuspected: suspected,
      rosterRepaired,
      directoryDrift: sessions - this.#rooms.participantCount,
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

  #closeOrphans(): { closed: number; suspected: number } {
    const suspects = new Set<string>();
    let closed = 0;
    for (const orphan of this.orphans()) {
      if (!this.#suspects.has(orphan.id)) suspects.add(orphan.id);
      else if (this.#media.closeOrphan(orphan)) closed += 1;
    }
    this.#suspects = suspects;
    return { closed, suspected: suspects.size };
  }
}
