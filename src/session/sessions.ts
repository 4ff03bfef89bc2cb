/**
 * The door: how a session begins, changes hands and loses its connection. Data comes from `gateway/`, evidence goes to
 * {@link Liveness}; how a session ends is the reaper's.
 */
import { randomUUID } from "node:crypto";
import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import { CLOSE_CODES } from "../protocol/close-codes.js";
import { LastseenError } from "../protocol/errors.js";
import type { LifecycleEvents, ResumeRefusal } from "./events.js";
import type { Liveness } from "./liveness.js";
import type { SessionConnection } from "./ports.js";
import type { SessionRegistry } from "./registry.js";
import { createResumeToken, isSameToken } from "./resume-token.js";
import { Session, type Identity } from "./session.js";
import type { DetachKind } from "./verdict.js";
import type { VirtualTime } from "./virtual-time.js";

export type ResumeOutcome =
  /** `freshPage`: the page that held the session before is gone, so nothing of its media can be in use. */
  { kind: "resumed"; session: Session; freshPage: boolean } | { kind: "refused"; why: ResumeRefusal };

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
      connection,
      resumeToken: createResumeToken(),
    });
    this.#registry.add(session);
    this.#liveness.heard(session);
    this.#events.emit("opened", { session });
    return session;
  }

  /**
   * Gives a session to the connection that knows its last token. A connection that still holds it is told with 4409 and
   * closed: the newest owner wins.
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
    const freshPage = session.evidence.detachKind === "page_closed" || session.evidence.goodbyeAt !== undefined;
    const before = session.handTo(connection, createResumeToken());
    session.identity = identity;
    if (freshPage) session.evidence.mediaLostAt = undefined;
    before?.close("transferred");
    this.#liveness.heard(session);
    this.#events.emit("resumed", { session, replaced: before !== undefined, freshPage });
    return { kind: "resumed", session, freshPage };
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
    const before = session.handTo(connection, createResumeToken());
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
    this.#liveness.detached(session, kind);
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

function refusal(session: Session | undefined, token: string, userId: string): ResumeRefusal | undefined {
  if (!session) return "unknown";
  if (session.userId !== userId) return "wrong_user";
  if (!isSameToken(token, session.resumeToken)) return "wrong_token";
  if (session.status !== "open") return "closing";
  return undefined;
}

function detachKindOf(closeCode: number): DetachKind {
  if (closeCode === CLOSE_CODES.unauthorized.code) return "token_expired";
  return PAGE_CLOSED_CODES.has(closeCode) ? "page_closed" : "connection_lost";
}
