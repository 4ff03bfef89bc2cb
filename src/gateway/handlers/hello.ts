import { type CallSnapshot, LastseenError, type RequestData, type RoomSnapshot } from "@lastseen/protocol";
import type { Clock } from "../../kernel/clock.js";
import { TimeLimitError, withTimeLimit } from "../../kernel/time-limit.js";
import { roomElsewhere } from "../../room/directory-sync.js";
import type { Rooms } from "../../room/rooms.js";
import { callOfRoom } from "../../ports/call-store.js";
import type { Blocks } from "../../session/blocks.js";
import type { SessionRegistry } from "../../session/registry.js";
import type { Identity, MediaReset, Session } from "../../session/session.js";
import { ResumeToken } from "../../session/resume-token.js";
import type { Sessions } from "../../session/sessions.js";
import type { Authenticate } from "../authenticate.js";
import type { AwaitedSessions, Whereabouts } from "../awaited-sessions.js";
import type { UserLimit } from "../budget/user-limit.js";
import type { Beats } from "../beats.js";
import { assertReplies } from "../budget/replies.js";
import type { Connection } from "../connection.js";
import { expiryRefusal } from "../refusal-for.js";

/** The rhythm that the service expects of its clients, as `hello` tells it. */
export interface HeartbeatTerms {
  intervalMs: number;
  idleTimeoutMs: number;
  sweepIntervalMs: number;
  resumeGraceMs: number;
}

/** When a client should ask again for a session of a dead node: another node takes it over within some seconds. */
const NODE_LOST_RETRY_MS = 3_000;

/** When a client should ask again for a session that was handed over to this node and is not here yet. */
const ARRIVAL_RETRY_MS = 500;

/** How long the check of who the client is may take. Longer than an identity provider may take to send its keys. */
const AUTHENTICATION_LIMIT_MS = 5_000;
const AUTHENTICATION_RETRY_MS = 3_000;

/** When a client should ask again because the store did not answer. */
const STORE_RETRY_MS = 1_000;

/** A hello is answered after this time at the latest: the client library gives up after 10 s. */
const LATEST_ANSWER_MS = 9_000;

/**
 * Replies at once, unless the session must be looked for on another node.
 *
 * @param proven called when the client has proven that it has a session, before a wait for that session
 */
export type Hello = (
  connection: Connection,
  data: RequestData<"hello">,
  reply: (data: unknown) => void,
  proven: () => void,
) => void | Promise<void>;

/** What came with a hello, and how it is answered. */
interface Said {
  readonly connection: Connection;
  readonly data: RequestData<"hello">;
  readonly reply: (data: unknown) => void;
  readonly proven: () => void;
  /** Monotonic milliseconds. */
  readonly answerBy: number;
}

/** Handles the first message of a connection: it opens a session or resumes one. */
export function helloHandler(parts: {
  clock: Clock;
  authenticate: Authenticate;
  sessions: Sessions;
  registry: SessionRegistry;
  rooms: Rooms;
  blocks: Pick<Blocks, "assertNone">;
  userLimit: UserLimit;
  nodeId: string;
  heartbeat: HeartbeatTerms;
  beats: Pick<Beats, "watchedIntervalMs" | "aliveIntervalMs">;
  calls: {
    snapshotOf(session: Session): CallSnapshot | null;
    /** Resolves when it is known whether an adopted session is in a call; undefined when it is known. */
    settled(session: Session): Promise<void> | undefined;
  };
  /** Undefined when there are no other nodes. */
  locate: ((sessionId: string) => Promise<Whereabouts | undefined>) | undefined;
  /** Undefined when there are no other nodes. */
  awaited: AwaitedSessions | undefined;
  /** Where a client has to go to enter this room; undefined when it can begin here. Itself undefined when there are no other nodes. */
  urlElsewhere: ((roomId: string) => Promise<string | undefined>) | undefined;
  /** Whether the store has not answered for so long that clients should not wait for it. */
  isStoreAway: () => boolean;
}): Hello {
  const { clock, authenticate, sessions, registry, rooms, blocks, userLimit, nodeId, heartbeat, beats } = parts;
  const { calls, locate, awaited, urlElsewhere, isStoreAway } = parts;

  const welcome = (
    connection: Connection,
    session: Session,
    mediaReset: MediaReset | undefined,
    reply: (data: unknown) => void,
  ): void => {
    connection.session = session;
    const { participation } = session;
    if (mediaReset && participation) {
      participation.media.reset();
      // Sent before the reply: it means the media of before, and not the media that the page makes after the reply.
      connection.sendEvent("media_reset", { reason: mediaReset });
    }
    const room: RoomSnapshot | null = participation ? rooms.snapshot(session) : null;
    reply({
      sessionId: session.id,
      epoch: session.epoch,
      resumeToken: session.resumeToken.text,
      resumed: session.epoch > 1,
      user: { id: session.userId, name: session.name },
      nodeId,
      heartbeat: {
        ...heartbeat,
        watchedIntervalMs: beats.watchedIntervalMs,
        aliveIntervalMs: beats.aliveIntervalMs,
      },
      room,
      ...(participation ? { routerRtpCapabilities: participation.media.requests?.routerRtpCapabilities ?? null } : {}),
      call: calls.snapshotOf(session),
    });
  };

  const begin = (
    connection: Connection,
    { tabId }: RequestData<"hello">,
    identity: Identity,
    reply: (data: unknown) => void,
  ): void => {
    userLimit.assertMayBegin(identity.userId, connection.peer?.address);
    welcome(connection, sessions.open(identity, tabId, connection), undefined, reply);
  };

  /** Finds the session that this node does not have. It comes here, or the client goes to it. */
  const seek = async (said: Said, resume: { sessionId: string; resumeToken: string }, identity: Identity) => {
    const { connection, proven, answerBy } = said;
    const { sessionId, resumeToken } = resume;
    let place = await locate?.(sessionId).catch((error: unknown) => sessionUnknown(error, isStoreAway()));
    // Whoever does not know the token does not learn whether there is such a session.
    if (!place || !mayMove(place, resumeToken)) throw sessionGone();
    if (awaited?.isOverdue(place)) {
      assertWaiting(connection);
      proven();
      const isHere = registry.find(sessionId) !== undefined;
      const outcome = isHere
        ? { kind: "here" as const }
        : await awaited.wait(sessionId, place, answerBy - clock.mono());
      assertWaiting(connection);
      const expired = expiryRefusal(identity, clock);
      if (expired) throw expired;
      if (outcome.kind === "here") return admit(said, identity);
      // Where it was before the wait is nowhere to go: nobody has it yet.
      place = outcome.kind === "placed" ? outcome.place : { ...place, expired: true };
    }
    return sendOn(place, nodeId);
  };

  /** Runs in one turn from its look at the connection to the welcome, also when the client was authenticated later. */
  const admit = (said: Said, identity: Identity): void | Promise<void> => {
    const { connection, data, reply } = said;
    blocks.assertNone({ userId: identity.userId });
    const resuming = data.resume && registry.find(data.resume.sessionId);
    if (!data.resume) {
      if (!urlElsewhere || !isLedTo(data.roomId, identity)) return begin(connection, data, identity, reply);
      return urlElsewhere(data.roomId).then((url) => {
        assertWaiting(connection);
        if (url !== undefined) throw new LastseenError("redirect", roomElsewhere(url), { data: { url } });
        blocks.assertNone({ userId: identity.userId });
        begin(connection, data, identity, reply);
      });
    }
    const { resumeToken } = data.resume;
    if (!resuming && locate) return seek(said, data.resume, identity);
    if (!mayBeThere(identity, resuming)) throw sessionGone();
    const unsettled = resuming && calls.settled(resuming);
    if (unsettled) {
      return unsettled.then(() => {
        assertWaiting(connection);
        return admit(said, identity);
      });
    }
    if (resuming && isKnownToken(resuming, resumeToken)) assertReplies(resuming, clock.mono());
    const outcome = sessions.resume(data.resume, identity, connection);
    if (outcome.kind === "refused") throw sessionGone();
    welcome(connection, outcome.session, outcome.mediaReset, reply);
    return undefined;
  };

  return (connection, data, reply, proven) => {
    assertWaiting(connection);
    const said: Said = { connection, data, reply, proven, answerBy: clock.mono() + LATEST_ANSWER_MS };
    const found = connection.knownAs ?? authenticate(data, data.resume && registry.find(data.resume.sessionId));
    if (!(found instanceof Promise)) return admit(said, found);
    return withTimeLimit(clock, AUTHENTICATION_LIMIT_MS, "authentication", found).then(
      (identity) => {
        assertWaiting(connection);
        return admit(said, identity);
      },
      (error: unknown) => authenticationFailed(error),
    );
  };
}

/**
 * @throws LastseenError `bad_message` when the connection has a session already, `fenced` when its socket has ended
 */
function assertWaiting(connection: Connection): void {
  if (connection.session) throw new LastseenError("bad_message", "hello was said already");
  if (!connection.isOpen) throw new LastseenError("fenced", "The socket ended before its hello was answered.");
}

function authenticationFailed(error: unknown): never {
  if (!(error instanceof TimeLimitError)) throw error;
  throw new LastseenError("overloaded", "The check of who you are took too long; try again in a moment.", {
    data: { retryAfterMs: AUTHENTICATION_RETRY_MS },
    cause: error,
  });
}

/**
 * Sends a client to the node that holds its session.
 *
 * @param here the name of this node, which does not have the session
 */
function sendOn(place: Whereabouts | undefined, here: string): never {
  if (!place) throw sessionGone();
  const { nodeId, url, expired } = place;
  if (nodeId === here && !expired) {
    throw new LastseenError("overloaded", "This session is on its way to this node; try again in a moment.", {
      data: { retryAfterMs: ARRIVAL_RETRY_MS },
    });
  }
  if (url === undefined || expired) {
    throw new LastseenError("overloaded", "The node of this session does not answer; try again in a moment.", {
      data: { retryAfterMs: NODE_LOST_RETRY_MS },
    });
  }
  throw new LastseenError("redirect", "Another node holds this session.", { data: { url } });
}

/**
 * The store did not answer. One missing answer is no reason to give a session up: a stall of this process causes it too, and
 * stalls happen when many clients come back at once. While the store stays away, a client begins a new session.
 */
function sessionUnknown(error: unknown, isStoreAway: boolean): never {
  if (!isStoreAway) {
    throw new LastseenError("overloaded", "It can't be told now where this session is; try again in a moment.", {
      data: { retryAfterMs: STORE_RETRY_MS },
      cause: error,
    });
  }
  throw new LastseenError("session_gone", "This session can't be found now; say hello without resume.", {
    cause: error,
  });
}

/** Whether the client knows the session's resume token, or the one before it when the last answer may be lost. */
function mayMove({ tokenHash, earlierTokenHash }: Whereabouts, resumeToken: string): boolean {
  const hashes = earlierTokenHash === undefined ? [tokenHash] : [tokenHash, earlierTokenHash];
  return hashes.some((hash) => ResumeToken.fromHash(hash).matches(resumeToken));
}

/** Whether a client without a session is led to the node of this room. The room of a call follows other rules. */
function isLedTo(roomId: string | undefined, identity: Identity): roomId is string {
  return roomId !== undefined && callOfRoom(roomId) === undefined && identity.rooms?.includes(roomId) !== false;
}

/** Whether the new token allows the room that the session is in. */
function mayBeThere(identity: Identity, session: Session | undefined): boolean {
  const roomId = session?.participation?.roster.id;
  if (roomId === undefined || callOfRoom(roomId) !== undefined) return true;
  return identity.rooms === undefined || identity.rooms.includes(roomId);
}

/** Only who has the token of a session learns how much it was sent. */
function isKnownToken(session: Session, token: string): boolean {
  return session.resumeToken.matches(token) || session.unheardResume(token) !== undefined;
}

function sessionGone(): LastseenError {
  return new LastseenError("session_gone", "This session cannot be resumed; say hello without resume.");
}
