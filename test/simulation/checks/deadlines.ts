/**
 * V3: computes independently of the service when each session must be gone at the latest, from what happened to its socket,
 * its media and its page. The service may add the time in which its process stood still, one sweep and one hold.
 */
import { CLOSE_CODES } from "@lastseen/protocol";
import { Page } from "../people/page.js";
import { COMEBACK_MS, HOLD_MS } from "../../../src/reaper/sweeper.js";
import type { Session } from "../../../src/session/session.js";
import type { ServiceNode } from "../service/node.js";
import { POLICY, SETTINGS } from "../service/settings.js";
import type { Ledger } from "./ledger.js";
import type { Scene } from "./scene.js";

/** Tolerance for the delay of timers and packets. */
const SLACK_MS = 3_000;
/** After a longer stall the service gives all clients time to come back. */
const LONG_STALL_MS = 5_000;
/** Close codes of a page that goes away. */
const PAGE_CLOSES: ReadonlySet<number> = new Set([1000, 1001, 1005, 4400]);
/** After a cut right behind a pong, two pings get no answer, and the service ends the socket when the third is due. */
const MISSED_PONGS_MS = 3 * SETTINGS.socketPingMs;

/** What the check has seen of one session. */
interface Signs {
  socketEndedAt: number | undefined;
  closeCode: number;
  goodbyeAt: number | undefined;
  mediaLostAt: number | undefined;
}

interface Deadline {
  readonly at: number;
  readonly since: number;
  readonly why: string;
}

/** The earliest of several deadlines. The deadline for silence always counts. */
class Earliest implements Deadline {
  since: number;
  at: number;
  why = "silent";
  readonly #idleAt: number;

  constructor(heardAt: number) {
    this.since = heardAt;
    this.#idleAt = heardAt + POLICY.idleTimeoutMs;
    this.at = this.#idleAt + SETTINGS.sweepMs;
  }

  /** Ignores a deadline after the idle timeout, because a silent session then waits for the next sweep. */
  offer(since: number, afterMs: number, why: string): void {
    const at = since + afterMs;
    if (at >= this.#idleAt || at >= this.at) return;
    this.since = since;
    this.at = at;
    this.why = why;
  }
}

export class Deadlines {
  readonly #scene: Scene;
  readonly #ledger: Ledger;
  readonly #node: ServiceNode;
  readonly #signs = new Map<string, Signs>();
  /** The holds of the service: when each began and when it ends at the latest. */
  readonly #holds: { from: number; until: number }[] = [];

  constructor(scene: Scene, ledger: Ledger, node: ServiceNode) {
    this.#scene = scene;
    this.#ledger = ledger;
    this.#node = node;
    const { service, media } = node;
    const { lifecycle, sweeps } = service;
    const now = scene.world.now;
    lifecycle.on("opened", ({ session }) => this.#signs.set(session.id, none()));
    lifecycle.on("transferred", ({ session }) => {
      const told = this.#signs.get(session.id)?.mediaLostAt;
      this.#signs.set(session.id, none());
      if (session.connection) return;
      // It has gone back to the tab before, which is told to come back. What its media says has just been told again.
      if (told === now.at) this.#signs.set(session.id, { ...none(), mediaLostAt: told });
      this.socketEnded(session.id, CLOSE_CODES.serviceRestart.code);
    });
    lifecycle.on("ghost_found", ({ session }) => this.#found(session));
    lifecycle.on("ended", ({ session }) => this.#signs.delete(session.id));
    lifecycle.on("resumed", ({ session, mediaReset }) => {
      const mediaLostAt = mediaReset ? undefined : this.#signs.get(session.id)?.mediaLostAt;
      this.#signs.set(session.id, { ...none(), mediaLostAt });
    });
    lifecycle.on("left", ({ session }) => this.#mediaGone(session.id));
    media.on("media_reset", ({ sessionIds }) => sessionIds.forEach((sessionId) => this.#mediaGone(sessionId)));
    media.on("evidence", ({ sessionId, state }) => {
      const signs = this.#signs.get(sessionId);
      if (signs) signs.mediaLostAt = state === "lost" ? (signs.mediaLostAt ?? now.at) : undefined;
    });
    // The next sweep comes after the same time by another clock. It can be a little early, and then one more is needed.
    sweeps.on("held", ({ pass }) => this.#hold(now.at, pass === "sweep" ? 2 * HOLD_MS : HOLD_MS));
    sweeps.on("stalled", ({ lateMs }) => {
      if (lateMs >= LONG_STALL_MS) this.#hold(now.at, COMEBACK_MS);
    });
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

  /** Runs every second. */
  check(): void {
    const { nameOf, fail } = this.#scene;
    const { loop, service } = this.#node;
    if (loop.isStopped) return;
    for (const session of service.registry.all()) {
      if (session.status !== "open") continue;
      if (session.evidence.mediaLostAt !== undefined && this.#signs.get(session.id)?.mediaLostAt === undefined) {
        fail("V2", `${nameOf(session.id)} is charged with the loss of media that the service itself has closed`);
      }
      const late = this.#lateness(session.id);
      if (late) fail("V3", `${nameOf(session.id)} is still here ${late.ms} ms too late: ${late.why}`);
    }
  }

  /** The service has found the session. Checks that it was in time. */
  #found({ id }: Session): void {
    const { nameOf, fail, count } = this.#scene;
    const late = this.#lateness(id);
    if (late) fail("V3", `${nameOf(id)} was found ${late.ms} ms too late: ${late.why}`);
    else count("check", `V3 in time: ${this.#deadlineOf(id)?.why ?? "unknown"}`);
  }

  /** How late the session is, compared with the last moment at which the service may find it. */
  #lateness(sessionId: string): { ms: number; why: string } | undefined {
    const now = this.#scene.world.now.at;
    if (this.#isWell(sessionId, now)) return undefined;
    const deadline = this.#deadlineOf(sessionId);
    if (!deadline || deadline.at > now) return undefined;
    const { loop } = this.#node;
    const latest = deadline.at + SLACK_MS + loop.stoppedSince(deadline.since) + this.#heldSince(deadline.since);
    return now > latest ? { ms: Math.round(now - latest), why: deadline.why } : undefined;
  }

  /** Whether the service has heard the session lately and nothing else sets a deadline: true for nearly all sessions. */
  #isWell(sessionId: string, now: number): boolean {
    const signs = this.#signs.get(sessionId);
    const heardAt = this.#ledger.heardAt.get(sessionId) ?? -Infinity;
    if (!signs || now - heardAt > POLICY.idleTimeoutMs) return false;
    const { socketEndedAt, goodbyeAt, mediaLostAt } = signs;
    return (socketEndedAt ?? goodbyeAt ?? mediaLostAt ?? this.#unreachableSince(sessionId)) === undefined;
  }

  /** The earliest deadline that applies. */
  #deadlineOf(sessionId: string): Deadline | undefined {
    const signs = this.#signs.get(sessionId);
    const heardAt = this.#ledger.heardAt.get(sessionId);
    if (!signs || heardAt === undefined) return undefined;
    const { socketEndedAt, goodbyeAt, mediaLostAt } = signs;
    const first = new Earliest(heardAt);
    if (socketEndedAt !== undefined) {
      const grace = PAGE_CLOSES.has(signs.closeCode) ? POLICY.reloadGraceMs : POLICY.resumeGraceMs;
      first.offer(socketEndedAt, grace, "its socket was closed");
    } else {
      if (mediaLostAt !== undefined && mediaLostAt > heardAt) {
        first.offer(mediaLostAt, POLICY.resumeGraceMs, "its media is gone and its page does not answer");
      }
      const lostAt = this.#unreachableSince(sessionId);
      if (lostAt !== undefined) first.offer(lostAt, MISSED_PONGS_MS + POLICY.resumeGraceMs, "its page is out of reach");
    }
    if (goodbyeAt !== undefined && goodbyeAt > heardAt) first.offer(goodbyeAt, POLICY.reloadGraceMs, "it said goodbye");
    return first;
  }

  #unreachableSince(sessionId: string): number | undefined {
    const page = this.#ledger.owners.get(sessionId)?.socket.page.tasks;
    return page instanceof Page ? page.unreachableSince : undefined;
  }

  #mediaGone(sessionId: string): void {
    const signs = this.#signs.get(sessionId);
    if (signs) signs.mediaLostAt = undefined;
  }

  #hold(at: number, ms: number): void {
    this.#holds.push({ from: at, until: at + ms });
    if (this.#holds.length > 200) this.#holds.splice(0, 100);
  }

  /** The time that holds have added to a deadline that began at that moment. */
  #heldSince(since: number): number {
    let total = 0;
    let until = since;
    for (const hold of this.#holds) {
      total += Math.max(0, hold.until - Math.max(hold.from, until));
      until = Math.max(until, hold.until);
    }
    return total;
  }
}

function none(): Signs {
  return { socketEndedAt: undefined, closeCode: 0, goodbyeAt: undefined, mediaLostAt: undefined };
}
