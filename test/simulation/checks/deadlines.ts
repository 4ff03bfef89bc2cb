/**
 * V3: when each session has to be gone at the latest, reckoned from what was seen on its socket, of its media and of its
 * page, by a table of its own. What the service may add: the time in which its process stood still, a sweep, a hold.
 */
import { Page } from "../people/page.js";
import type { ServiceNode } from "../service/node.js";
import { POLICY, SETTINGS } from "../service/settings.js";
import type { Ledger } from "./ledger.js";
import type { Scene } from "./scene.js";

/** What timers and packets take beyond the deadlines. */
const SLACK_MS = 3_000;
const HOLD_MS = 10_000;
/** Closes that a page makes when it goes. */
const PAGE_CLOSES: ReadonlySet<number> = new Set([1000, 1001, 1005, 4400]);
/** A cut right after a pong: two more pings go unanswered, and the time of the third ends the socket. */
const MISSED_PONGS_MS = 3 * SETTINGS.socketPingMs;

/** What was seen of one session. */
interface Signs {
  socketEndedAt: number | undefined;
  closeCode: number;
  goodbyeAt: number | undefined;
  mediaLostAt: number | undefined;
}

interface Deadline {
  at: number;
  since: number;
  why: string;
}

export class Deadlines {
  readonly #scene: Scene;
  readonly #ledger: Ledger;
  readonly #node: ServiceNode;
  readonly #signs = new Map<string, Signs>();
  /** Moments at which the service said that it waits. */
  readonly #holds: number[] = [];
  /** How long the process had stood still by then. */
  readonly #stops: { at: number; stoppedMs: number }[] = [];

  constructor(scene: Scene, ledger: Ledger, node: ServiceNode) {
    this.#scene = scene;
    this.#ledger = ledger;
    this.#node = node;
    const { lifecycle, sweeps, media } = node;
    const now = scene.world.now;
    lifecycle.on("opened", ({ session }) => this.#signs.set(session.id, none()));
    lifecycle.on("transferred", ({ session }) => this.#signs.set(session.id, none()));
    lifecycle.on("ended", ({ session }) => this.#signs.delete(session.id));
    lifecycle.on("resumed", ({ session, freshPage }) => {
      const mediaLostAt = freshPage ? undefined : this.#signs.get(session.id)?.mediaLostAt;
      this.#signs.set(session.id, { ...none(), mediaLostAt });
    });
    lifecycle.on("left", ({ session }) => this.#mediaGone(session.id));
    media.on("media_reset", ({ sessionIds }) => sessionIds.forEach((sessionId) => this.#mediaGone(sessionId)));
    media.on("evidence", ({ sessionId, state }) => {
      const signs = this.#signs.get(sessionId);
      if (signs) signs.mediaLostAt = state === "lost" ? (signs.mediaLostAt ?? now.at) : undefined;
    });
    sweeps.on("held", () => this.#holds.push(now.at));
  }

  socketEnded(sessionId: string, code: number): void {
    const signs = this.#signs.get(sessionId);
    if (!signs) return;
    signs.socketEndedAt = this.#scene.world.now.at;
    signs.closeCode = code;
  }

  saidGoodbye(sessionId: string): void {
    const signs = this.#signs.get(sessionId);
    if (signs) signs.goodbyeAt = this.#scene.world.now.at;
  }

  /** Asked every second. */
  check(): void {
    const { world, nameOf, fail } = this.#scene;
    const now = world.now.at;
    const { stoppedMs } = this.#node.loop;
    if (this.#stops.at(-1)?.stoppedMs !== stoppedMs) this.#stops.push({ at: now, stoppedMs });
    for (const session of this.#node.registry.all()) {
      if (session.status !== "open") continue;
      const deadline = this.#deadlineOf(session.id);
      if (!deadline || deadline.at > now) continue;
      const latest = deadline.at + SLACK_MS + this.#stoppedSince(deadline.since) + this.#heldSince(deadline.since);
      if (now > latest) {
        fail("V3", `${nameOf(session.id)} is still here ${Math.round(now - latest)} ms too late: ${deadline.why}`);
      }
    }
  }

  #deadlineOf(sessionId: string): Deadline | undefined {
    const signs = this.#signs.get(sessionId);
    const heardAt = this.#ledger.heardAt.get(sessionId);
    if (!signs || heardAt === undefined) return undefined;
    const deadlines: Deadline[] = [];
    const rule = (since: number, afterMs: number, why: string): void =>
      void deadlines.push({ since, at: since + afterMs, why });
    const { socketEndedAt, closeCode, goodbyeAt, mediaLostAt } = signs;
    rule(heardAt, POLICY.idleTimeoutMs + SETTINGS.sweepMs, "silent");
    if (socketEndedAt !== undefined) {
      const grace = PAGE_CLOSES.has(closeCode) ? POLICY.reloadGraceMs : POLICY.resumeGraceMs;
      rule(socketEndedAt, grace, `its socket was closed with ${closeCode}`);
      if (mediaLostAt !== undefined) {
        rule(Math.max(socketEndedAt, mediaLostAt), POLICY.mediaLostGraceMs, "its socket and its media are gone");
      }
    } else {
      if (mediaLostAt !== undefined && mediaLostAt > heardAt) {
        rule(mediaLostAt, POLICY.pageStoppedAfterMs, "its media is gone and its page does not answer");
      }
      const lostAt = this.#unreachableSince(sessionId);
      if (lostAt !== undefined) rule(lostAt, MISSED_PONGS_MS + POLICY.resumeGraceMs, "its page cannot be reached");
    }
    if (goodbyeAt !== undefined && goodbyeAt > heardAt) rule(goodbyeAt, POLICY.reloadGraceMs, "it said goodbye");
    return deadlines.reduce((first, other) => (other.at < first.at ? other : first));
  }

  #unreachableSince(sessionId: string): number | undefined {
    const page = this.#ledger.owners.get(sessionId)?.socket.page.tasks;
    return page instanceof Page ? page.unreachableSince : undefined;
  }

  #mediaGone(sessionId: string): void {
    const signs = this.#signs.get(sessionId);
    if (signs) signs.mediaLostAt = undefined;
  }

  #stoppedSince(since: number): number {
    const before = this.#stops.findLast(({ at }) => at <= since)?.stoppedMs ?? 0;
    return this.#node.loop.stoppedMs - before;
  }

  #heldSince(since: number): number {
    return this.#holds.some((at) => at >= since - HOLD_MS) ? HOLD_MS + SETTINGS.watchMs : 0;
  }
}

function none(): Signs {
  return { socketEndedAt: undefined, closeCode: 0, goodbyeAt: undefined, mediaLostAt: undefined };
}
