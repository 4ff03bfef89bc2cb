import type { RequestData, RoomSnapshot } from "../../protocol/messages/index.js";
import { LastseenError } from "../../protocol/errors.js";
import type { Rooms } from "../../room/rooms.js";
import type { SessionRegistry } from "../../session/registry.js";
import type { Identity, Session } from "../../session/session.js";
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
    if (!mayBeThere(identity, resuming)) throw sessionGone();
    const outcome = sessions.resume(data.resume, identity, connection);
    if (outcome.kind === "refused") throw sessionGone();
    return outcome;
  };

  return (connection, data, reply) => {
    if (connection.session) throw new LastseenError("bad_message", "hello was said already");
    const { session, freshPage } = begin(connection, data);
    connection.session = session;
    const { participation } = session;
    if (freshPage && participation) {
      participation.media.reset();
      // Said first: what the page makes after the reply is new and not meant.
      connection.sendEvent("media_reset", { reason: "page_reloaded" });
    }
    const room: RoomSnapshot | null = participation ? rooms.snapshot(session) : null;
    reply({
      sessionId: session.id,
      epoch: session.epoch,
      resumeToken: session.resumeToken,
      resumed: session.epoch > 1,
      user: { id: session.userId, name: session.name },
      nodeId,
      heartbeat,
      room,
      ...(participation ? { routerRtpCapabilities: participation.media.routerRtpCapabilities } : {}),
      call: null,
    });
    if (session.epoch > 1) parts.ownerChanged(session);
  };
}

/** Whether the token of now still allows the room that the session is in. */
function mayBeThere(identity: Identity, session: Session | undefined): boolean {
  const roomId = session?.participation?.roster.id;
  return roomId === undefined || identity.rooms === undefined || identity.rooms.includes(roomId);
}

function sessionGone(): LastseenError {
  return new LastseenError("session_gone", "This session cannot be resumed; say hello without resume.");
}
