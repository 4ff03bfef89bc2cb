/**
 * The door: how a session begins, changes hands and loses its connection. Data comes from `gateway/`, evidence goes to
 * {@link Liveness}; how a session ends is the reaper's.
 */
import { randomUUID } from "node:crypto";
import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import { CLOSE_CODES, LastseenError } from "@lastseen/protocol";
import type { SessionEntry } from "../ports/directory.js";
import type { LifecycleEvents, MediaReset, ResumeRefusal } from "./events.js";
import type { DetachKind } from "./evidence.js";
import type { Liveness } from "./liveness.js";
import type { SessionConnection } from "./session-connection.js";
import type { SessionRegistry } from "./registry.js";
import { ResumeToken } from "./resume-token.js";
import { Session, type Identity } from "./session.js";
import type { VirtualTime } from "../kernel/virtual-time.js";

export type ResumeOutcome =
  { kind: "resumed"; session: Session; mediaReset: MediaReset | undefined } | { kind: "refused"; why: ResumeRefusal };

/** Close codes that a page sends when it goes, as against a line that breaks. 1005: closed without giving a code. */
const PAGE_CLOSED_CODES: ReadonlySet<number> = new Set([
  CLOSE_CODES.bye.code,
  CLOSE_CODES.goingAway.code,
  1005,
  CLOSE_CODES.badMessage.code,
]);

export class Sessions {
  readonly #clock: Clock;
  readonly #time: VirtualTime;
  readonly #registry: SessionRegistry;
  readonly #liveness: Liveness;
  readonly #events: Emitter<LifecycleEvents>;

  constructor(options: {
    clock: Clock;
    time: VirtualTime;
    registry: SessionRegistry;
    liveness: Liveness;
    events: Emitter<LifecycleEvents>;
  }) {
    this.#clock = options.clock;
    this.#time = options.time;
    this.#registry = options.registry;
    this.#liveness = options.liveness;
    this.#events = options.events;
  }

  open(identity: Identity, tabId: string, connection: SessionConnection): Session {
    const session = new Session({
      id: randomUUID(),
      identity,
      tabId,
      openedAt: this.#clock.wall(),
      now: this.#time.now(),
      mono: this.#clock.mono(),
      epoch: 1,
      connection,
      resumeToken: ResumeToken.create(),
    });
    this.#registry.add(session);
    this.#liveness.heard(session);
    this.#events.emit("opened", { session });
    return session;
  }

  /**
   * Goes on with a session that another node began, until its client comes or its grace is over. Its token allows no more
   * than it did: a resume brings the client's token of now.
   *
   * @returns undefined when this node has a session of that id already
   */
  adopt(entry: SessionEntry): Session | undefined {
    if (this.#registry.find(entry.sessionId)) return undefined;
    const { sessionId: id, userId, name, tabId, openedAt, epoch } = entry;
    const session = new Session({
      id,
      identity: { userId, name, rooms: undefined, expiresAt: Infinity },
      tabId,
      openedAt,
      now: this.#time.now(),
      mono: this.#clock.mono(),
      epoch,
      connection: undefined,
      resumeToken: ResumeToken.fromHash(entry.tokenHash),
    });
    session.metadata = entry.metadata;
    this.#registry.add(session);
    this.#liveness.detached(session, "node_lost");
    return session;
  }

  /**
   * Gives a session to the connection that knows its last token, or the one before if the answer to that may have been
   * lost. A connection that still holds it is told with 4409 and closed: the newest owner wins.
   */
  resume(
    request: { sessionId: string; resumeToken: string },
    identity: Identity,
    connection: SessionConnection,
  ): ResumeOutcome {
    const session = this.#registry.find(request.sessionId);
    const why = refusal(session, request.resumeToken, identity.userId);
    if (!session || why) {
      this.#events.emit("resume_refused", {
        sessionId: request.sessionId,
        userId: identity.userId,
        why: why ?? "unknown",
      });
      return { kind: "refused", why: why ?? "unknown" };
    }
    const repeated = session.unheardResume(request.resumeToken);
    const mediaReset = mediaResetOf(session) ?? repeated?.mediaReset;
    const token = repeated?.token ?? session.resumeToken;
    const before = session.handTo(connection, ResumeToken.create(), { token, mediaReset });
    session.identity = identity;
    if (mediaReset) session.evidence.mediaLostAt = undefined;
    before?.close("transferred");
    this.#liveness.heard(session);
    this.#events.emit("resumed", { session, replaced: before !== undefined, mediaReset });
    return { kind: "resumed", session, mediaReset };
  }

  /**
   * Moves a session to the connection of another tab of the same user. The new tab owns it before the old one is told;
   * the session that the new tab had until now, which is in no room, is given up.
   *
   * @param given the session of the asking tab; the caller ends it
   * @throws LastseenError `rate_limited` when the user's tabs fight over it
   */
  transfer(session: Session, given: Session, connection: SessionConnection): void {
    if (!session.transfers.allow(this.#clock.mono())) {
      this.#events.emit("transfer_refused", { session, why: "rate_limited" });
      throw new LastseenError("rate_limited", "This session was moved between tabs too often; wait a moment.");
    }
    const fromTabId = session.tabId;
    const before = session.handTo(connection, ResumeToken.create());
    session.tabId = given.tabId;
    session.identity = given.identity;
    session.evidence.mediaLostAt = undefined;
    given.giveUpConnection();
    this.#liveness.heard(session);
    this.#events.emit("transferred", { session, fromTabId });
    if (!before) return;
    const roomId = session.participation?.roster.id ?? "";
    before.sendEvent("session_transferred", { roomId, tabId: session.tabId, at: this.#clock.wall() });
    before.close("transferred");
  }

  /** The connection's socket has ended. Nothing happens when it no longer owns the session. */
  detach(session: Session, connection: SessionConnection, closeCode: number): void {
    if (!session.isOwnedBy(connection)) return;
    session.connection = undefined;
    const kind = detachKindOf(closeCode);
    this.#liveness.detached(session, kind, { closeCode, lastPongMono: connection.lastPongMono });
    this.#events.emit("detached", { session, closeCode, cause: kind });
  }

  /** A goodbye beacon: the page says that it goes, but a reload may bring it back. `false`: not a session of that token. */
  goodbye(sessionId: string, resumeToken: string): boolean {
    const session = this.#registry.find(sessionId);
    if (!session || refusal(session, resumeToken, session.userId)) return false;
    this.#liveness.saidGoodbye(session);
    return true;
  }
}

function mediaResetOf(session: Session): MediaReset | undefined {
  if (session.isAdopted) return "node_lost";
  const { detachKind, goodbyeAt } = session.evidence;
  return detachKind === "page_closed" || goodbyeAt !== undefined ? "page_reloaded" : undefined;
}

function refusal(session: Session | undefined, token: string, userId: string): ResumeRefusal | undefined {
  if (!session) return "unknown";
  if (session.userId !== userId) return "wrong_user";
  if (!session.resumeToken.matches(token) && !session.unheardResume(token)) return "wrong_token";
  if (session.status !== "open") return "closing";
  return undefined;
}

function detachKindOf(closeCode: number): DetachKind {
  if (closeCode === CLOSE_CODES.unauthorized.code) return "token_expired";
  return PAGE_CLOSED_CODES.has(closeCode) ? "page_closed" : "connection_lost";
}
