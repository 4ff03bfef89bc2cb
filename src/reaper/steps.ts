/**
 * The steps of a departure, in the order in which they start. The others in the room are told in the same turn of the event
 * loop as the claim, however long the media or the store takes.
 */
import type { Emitter } from "../kernel/emitter.js";
import type { CloseName, LeaveReason } from "@lastseen/protocol";
import type { LifecycleEvents } from "../session/events.js";
import type { Liveness } from "../session/liveness.js";
import type { SessionRegistry } from "../session/registry.js";
import type { Session } from "../session/session.js";
import type { CleanupStep } from "./cleanup.js";

/** The part of the rooms that a departure needs. */
export interface RoomExit {
  leave(roomId: string, session: Session, reason: LeaveReason): void;
}

/** The part of the directory that a departure needs. */
export interface Deregistration {
  /** Writes the session's entry as the session is now. */
  record(session: Session): Promise<boolean>;
  releaseIfEmpty(roomId: string): Promise<void>;
}

/** With which code the service closes the session's own socket, by the reason of its end. */
const CLOSE_FOR: Record<LeaveReason, CloseName> = {
  left: "bye",
  disconnected: "expired",
  idle: "expired",
  kicked: "kicked",
  room_closed: "bye",
  node_lost: "serviceRestart",
  expired_token: "unauthorized",
  shutdown: "serviceRestart",
};

export function departureSteps(parts: {
  rooms: RoomExit;
  directorySync: Deregistration;
  registry: SessionRegistry;
  liveness: Liveness;
  events: Emitter<LifecycleEvents>;
}): readonly CleanupStep[] {
  const { rooms, directorySync, registry, liveness, events } = parts;
  return [
    {
      name: "close media",
      scope: "room",
      run({ participation, session, givenUp }) {
        if (givenUp) participation?.media.handOver();
        else participation?.media.close();
        if (session.status === "open") liveness.mediaClosed(session);
      },
    },
    {
      name: "leave room",
      scope: "room",
      run({ participation, session, reason, cause, givenUp, by }) {
        if (!participation) return;
        const roomId = participation.roster.id;
        rooms.leave(roomId, session, reason);
        const sinceLastSignMs = liveness.sinceLastSign(session);
        events.emit("left", { session, roomId, reason, cause, sinceLastSignMs, givenUp, by });
      },
    },
    {
      name: "forget session",
      scope: "session",
      run({ session, reason, cause, givenUp, by }) {
        liveness.conclude(session);
        registry.remove(session);
        session.connection?.close(CLOSE_FOR[reason]);
        session.connection = undefined;
        session.markEnded();
        events.emit("ended", { session, reason, cause, givenUp, by });
      },
    },
    {
      name: "write directory",
      scope: "room",
      async run({ participation, session, givenUp }) {
        // The session and its room are written as another node's already.
        if (givenUp === "handed_over") return;
        await directorySync.record(session);
        if (participation) await directorySync.releaseIfEmpty(participation.roster.id);
      },
    },
    {
      name: "verify media",
      scope: "room",
      async run({ participation, reason }) {
        // When the service stops, it ends the workers next, and no media object outlives its worker.
        if (!participation || reason === "shutdown") return undefined;
        const left = await participation.media.verifyClosed();
        if (left === "unseen") return left;
        const count = left.transports.length + left.producers.length + left.consumers.length;
        if (count === 0) return undefined;
        participation.media.close();
        throw new Error(`the worker still holds ${count} media objects: ${JSON.stringify(left)}`);
      },
    },
  ];
}
