/**
 * How a session begins, changes its connection and loses it. Calls come from `gateway/` and `cluster/`; evidence goes to
 * {@link Liveness}. The reaper ends sessions.
 */
import { randomUUID } from "node:crypto";
import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import { CLOSE_CODES, LastseenError } from "@lastseen/protocol";
import type { SessionEntry } from "../ports/directory.js";
import type { SessionMedia } from "../ports/media-plane.js";
import type { LifecycleEvents, ResumeRefusal } from "./events.js";
import type { DetachKind, SocketEnd } from "./evidence.js";
import type { Liveness } from "./liveness.js";
import type { SessionConnection } from "./session-connection.js";
import type { SessionRegistry } from "./registry.js";
import { ResumeToken } from "./resume-token.js";
import { Session, type Identity, type MediaReset, type TabBefore } from "./session.js";
import type { VirtualTime } from "../kernel/virtual-time.js";
import { WindowLimit } from "../kernel/window-limit.js";

/** Two tabs that both want a session must not take it from each other for ever: so many moves in a minute. */
const MOST_TRANSFERS = 30;
const TRANSFER_WINDOW_MS = 60_000;

export type ResumeOutcome =
  { kind: "resumed"; session: Session; mediaReset: MediaReset | undefined } | { kind: "refused"; why: ResumeRefusal };

/** The close codes that a page sends when it goes. All others mean that the connection broke. 1005: no code was given. */
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
  readonly #transfers = new WindowLimit({ most: MOST_TRANSFERS, windowMs: TRANSFER_WINDOW_MS });

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
    if (!isNamed(session)) session.name = this.#registry.ofUser(session.userId).at(-1)?.name ?? session.name;
    this.#registry.add(session);
    this.#liveness.heard(session);
    this.#events.emit("opened", { session });
    if (isNamed(session)) this.rename(session.userId, session.name, session);
    return session;
  }

  /**
   * Goes on with a session that another node began, until its client connects here or `resumeGraceMs` has passed. This node
   * does not know what the user's token allows and until when; the client brings a token with its resume.
   *
   * @returns undefined when this node already has a session of that id
   */
  adopt(entry: SessionEntry): Session | undefined {
    if (this.#registry.find(entry.sessionId)) return undefined;
    const { sessionId: id, userId, name, tabId, openedAt, epoch } = entry;
    const session = new Session({
      id,
      identity: { userId, name, rooms: undefined, calls: false, expiresAt: Infinity },
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
    this.#liveness.detached(session, { kind: "node_lost" });
    return session;
  }

  /**
   * Gives a session to the connection that knows its last token. The token before that one is valid too while the client may
   * not have the answer to its last resume. The newest connection wins: the service closes the old one with 4409.
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
    if (identity.name !== identity.userId) this.rename(identity.userId, identity.name, session);
    return { kind: "resumed", session, mediaReset };
  }

  /**
   * Moves a session to the connection of another tab of the same user. The new tab owns the session before the service tells
   * the old tab. The session that the new tab had until now is in no room and loses its connection.
   *
   * @param given the session that the new tab had until now; the caller ends it
   * @param media of the session in its room
   * @param sources what the new tab is about to send. The old tab sends these until then, and is told when that is over; an old tab
   *   that is away is told at once
   * @throws LastseenError `rate_limited` when the user's tabs take the session from each other too often
   */
  transfer(
    session: Session,
    given: Session,
    connection: SessionConnection,
    media: Pick<SessionMedia, "changeTab">,
    sources: readonly string[] = [],
  ): void {
    if (!this.#transfers.allow(session.id, this.#clock.mono())) {
      this.#events.emit("transfer_refused", { session, why: "rate_limited" });
      throw new LastseenError("rate_limited", "This session was moved between tabs too often; wait a moment.");
    }
    session.tabBefore?.media.finish();
    const { tabId: fromTabId, identity, resumeToken } = session;
    // A tab that may be dead must not get the session back: the user is in the new one.
    const isThere = session.shown === "present" && session.evidence.socketSilentAt === undefined;
    const before = session.handTo(connection, ResumeToken.create());
    session.tabId = given.tabId;
    session.identity = given.identity;
    session.evidence.mediaLostAt = undefined;
    given.giveUpConnection();
    this.#liveness.heard(session);
    this.#events.emit("transferred", { session, fromTabId });
    if (isNamed(given)) this.rename(given.userId, given.name, session);
    const { tabId } = session;
    const roomId = session.participation?.roster.id ?? "";
    const moved = { roomId, tabId, at: this.#clock.wall() };
    const over = (): void => {
      session.tabBefore = undefined;
      before?.sendEvent("session_transferred", moved);
      before?.close("transferred");
    };
    const change = media.changeTab(before && isThere ? sources : [], over);
    if (before && change)
      session.tabBefore = { connection: before, tabId: fromTabId, identity, resumeToken, media: change };
    else over();
  }

  /** Ends all tab changes, because the service stops: each session stays with its new tab. */
  finishTabChanges(): void {
    for (const { tabBefore } of this.#registry.all()) tabBefore?.media.finish();
  }

  /**
   * Gives all sessions of a user on this node the newest name of the user.
   *
   * @param by the session that brought the name; undefined when another node told it
   */
  rename(userId: string, name: string, by: Session | undefined): void {
    for (const session of this.#registry.ofUser(userId)) {
      if (session.name === name || session.status !== "open") continue;
      session.name = name;
      this.#events.emit("renamed", { session, by });
    }
  }

  /**
   * The connection's socket has ended.
   *
   * @param byFin its client ended the TCP connection in order, but without a close frame, as a killed process does
   * @returns what the end tells; undefined when the connection no longer owned the session
   */
  detach(session: Session, connection: SessionConnection, closeCode: number, byFin = false): SocketEnd | undefined {
    if (session.isTabBefore(connection)) session.tabBefore?.media.finish();
    if (!session.isOwnedBy(connection)) return undefined;
    if (session.tabBefore) {
      this.#giveBack(session, session.tabBefore);
      return undefined;
    }
    session.connection = undefined;
    const kind = byFin ? "page_closed" : detachKindOf(closeCode);
    this.#liveness.detached(session, { kind, closeCode, lastPongMono: connection.lastPongMono });
    this.#events.emit("detached", { session, closeCode, cause: kind });
    return session.evidence.socketEnd;
  }

  /**
   * The page sent a goodbye beacon: it goes, but a reload may bring it back.
   *
   * @returns `false` when no open session has this id and token
   */
  goodbye(sessionId: string, resumeToken: string): boolean {
    const session = this.#findByToken(sessionId, resumeToken);
    if (session) this.#liveness.saidGoodbye(session);
    return session !== undefined;
  }

  /**
   * A reload has begun and takes long: the session waits for the new page for `resumeGraceMs`.
   *
   * @returns `false` when no open session has this id and token
   */
  hold(sessionId: string, resumeToken: string): boolean {
    const session = this.#findByToken(sessionId, resumeToken);
    if (session) this.#liveness.held(session);
    return session !== undefined;
  }

  /**
   * The new tab has lost its connection before it sent what the tab before sends, so that one goes on. Its client comes back by a
   * resume, which tells it everything that it has missed; its media has no gap.
   */
  #giveBack(session: Session, before: TabBefore): void {
    const { tabId: fromTabId } = session;
    const { connection, media } = before;
    session.giveBack(before);
    if (!media.undo()) {
      session.participation?.media.reset();
      connection.sendEvent("media_reset", { reason: "media_lost" });
    }
    this.#events.emit("transferred", { session, fromTabId });
    const { code: closeCode } = CLOSE_CODES.serviceRestart;
    connection.sendEvent("server_closing", { reconnectAfterMs: 0 });
    connection.close("serviceRestart");
    this.#liveness.detached(session, { kind: "connection_lost", closeCode, lastPongMono: connection.lastPongMono });
    this.#events.emit("detached", { session, closeCode, cause: "connection_lost" });
  }

  #findByToken(sessionId: string, resumeToken: string): Session | undefined {
    const session = this.#registry.find(sessionId);
    return session && !refusal(session, resumeToken, session.userId) ? session : undefined;
  }
}

/** Whether the user gave a name; if not, the user's id stands in, and this is no newer name. */
function isNamed({ userId, name }: Session): boolean {
  return name !== userId;
}

function mediaResetOf(session: Session): MediaReset | undefined {
  if (session.isAdopted) return "node_lost";
  const { socketEnd, goodbyeAt } = session.evidence;
  // Without a close frame it may have been a proxy that ended the connection of a page that lives on.
  const pageWent = socketEnd?.kind === "page_closed" && socketEnd.closeCode !== CLOSE_CODES.abnormal.code;
  return pageWent || goodbyeAt !== undefined ? "page_reloaded" : undefined;
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
