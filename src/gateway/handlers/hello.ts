import type { RequestData, RoomSnapshot } from "../../protocol/messages/index.js";
import { LastseenError } from "../../protocol/errors.js";
import type { Rooms } from "../../room/rooms.js";
import type { SessionRegistry } from "../../session/registry.js";
import type { Session } from "../../session/session.js";
import type { Sessions } from "../../session/sessions.js";
import type { Authenticate } from "../authenticate.js";
import type { Connection } from "../connection.js";

/** What clients are told about the rhythm that the service expects. */
export interface HeartbeatTerms {
  intervalMs: number;
  idleTimeoutMs: number;
  sweepIntervalMs: number;
  resumeGraceMs: number;
}

export type Hello = (connection: Connection, data: RequestData<"hello">, reply: (data: unknown) => void) => void;

/** The first message of a connection: who is it, and does it take up a session or begin one? */
export function helloHandler(parts: {
  authenticate: Authenticate;
  sessions: Sessions;
  registry: SessionRegistry;
  rooms: Rooms;
  nodeId: string;
  heartbeat: HeartbeatTerms;
  /** Told that a session has a new epoch. */
  ownerChanged: (session: Session) => void;
}): Hello {
  const { authenticate, sessions, registry, rooms, nodeId, heartbeat } = parts;

  const begin = (connection: Connection, data: RequestData<"hello">): { session: Session; freshPage: boolean } => {
    const resuming = data.resume && registry.find(data.resume.sessionId);
    const identity = authenticate(data, resuming);
    if (!data.resume) return { session: sessions.open(identity, data.tabId, connection), freshPage: false };
    const outcome = sessions.resume(data.resume, identity, connection);
    if (outcome.kind === "refused") {
      throw new LastseenError("session_gone", "This session cannot be resumed; say hello without resume.");
    }
    return outcome;
  };

  return (connection, data, reply) => {
    if (connection.session) throw new LastseenError("bad_message", "hello was said already");
    const { session, freshPage } = begin(connection, data);
    connection.session = session;
    if (freshPage) session.participation?.media.reset();
    const room: RoomSnapshot | null = session.participation ? rooms.snapshot(session) : null;
    reply({
      sessionId: session.id,
      epoch: session.epoch,
      resumeToken: session.resumeToken,
      resumed: session.epoch > 1,
      user: { id: session.userId, name: session.name },
      nodeId,
      heartbeat,
      room,
      call: null,
    });
    if (freshPage && room) connection.sendEvent("media_reset", { reason: "page_reloaded" });
    if (session.epoch > 1) parts.ownerChanged(session);
  };
}
