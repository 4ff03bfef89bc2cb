/**
 * Keeps every open session in the expiry list in which its present verdict will change next. Evidence comes in through
 * methods (`heard`, `detached`, `mediaLost` …); verdicts that matter to others go out as `away` and `back` events;
 * ghosts wait to be asked for by the watch (short deadlines) and by the sweep (the idle timeout).
 */
import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import { PROBE } from "../protocol/codec.js";
import type { LifecycleEvents } from "./events.js";
import { ExpiryList } from "./expiry-list.js";
import type { MediaEvidence } from "./ports.js";
import type { Session } from "./session.js";
import { judge, type Cause, type DetachKind, type Evidence, type LivenessPolicy, type Verdict } from "./verdict.js";
import type { VirtualTime } from "./virtual-time.js";

/** How long the other end of a socket may take to answer a ping that was sent because the media was lost. */
const SOCKET_ANSWER_MS = 5_000;

export class Liveness {
  readonly #clock: Clock;
  readonly #time: VirtualTime;
  readonly #policy: LivenessPolicy;
  readonly #events: Emitter<LifecycleEvents>;
  /** Who was heard and is not away: where nearly everybody is, and where a heartbeat moves its session to the tail. */
  readonly #quiet = new ExpiryList<Session>();
  /** Who is away for being silent; the sweep asks this one. */
  readonly #idle = new ExpiryList<Session>();
  readonly #short = new Map<string, ExpiryList<Session>>();

  constructor(options: { clock: Clock; time: VirtualTime; policy: LivenessPolicy; events: Emitter<LifecycleEvents> }) {
    this.#clock = options.clock;
    this.#time = options.time;
    this.#policy = options.policy;
    this.#events = options.events;
  }

  /** A valid application message arrived. The heartbeat path: nothing here but two numbers and a list move. */
  heard(session: Session): void {
    if (session.status !== "open") return;
    const now = this.#time.now();
    session.evidence.lastSeen = now;
    session.lastSeenMono = this.#clock.mono();
    if (session.expiry.list === this.#quiet) this.#quiet.put(session.expiry, now + this.#policy.awayAfterMs);
    else this.review(session);
  }

  declaredVisibility(session: Session, visibility: Evidence["visibility"]): void {
    session.evidence.visibility = visibility;
  }

  detached(session: Session, kind: DetachKind): void {
    session.evidence.detachedAt = this.#time.now();
    session.evidence.detachKind = kind;
    this.review(session);
  }

  saidGoodbye(session: Session): void {
    session.evidence.goodbyeAt = this.#time.now();
    this.review(session);
  }

  /** Media that was there and is gone is a reason to ask: the socket for its end, the page for a word. */
  mediaChanged(session: Session, state: MediaEvidence): void {
    if (state === "connected") {
      session.evidence.mediaLostAt = undefined;
    } else {
      session.evidence.mediaLostAt ??= this.#time.now();
      session.connection?.demandPong(SOCKET_ANSWER_MS);
      session.connection?.send(PROBE);
    }
    this.review(session);
  }

  /** The session's media was closed by the service itself: its silence tells nothing any more. */
  mediaClosed(session: Session): void {
    session.evidence.mediaLostAt = undefined;
    this.review(session);
  }

  /** The verdict as of now, without acting on it. */
  judge(session: Session): Verdict {
    return judge(session.evidence, this.#policy, this.#time.now());
  }

  /**
   * Judges an open session and puts it where it belongs. A ghost stays in its list, overdue, until somebody reaps it.
   */
  review(session: Session): Verdict | undefined {
    if (session.status !== "open") return undefined;
    const verdict = this.judge(session);
    session.verdict = verdict;
    this.#listFor(verdict).put(session.expiry, verdict.deadline);
    this.#show(session, verdict);
    return verdict;
  }

  /** Carries out what became due except ghosts, and returns the ghosts that do not have to wait for the sweep. */
  advance(): Session[] {
    const now = this.#time.now();
    const ghosts: Session[] = [];
    for (const list of [this.#quiet, ...this.#short.values()]) {
      for (const session of list.due(now)) {
        const verdict = this.review(session);
        if (verdict?.state === "ghost" && verdict.cause !== "silent") ghosts.push(session);
      }
    }
    return ghosts;
  }

  /** The sessions that were silent for longer than the idle timeout: what the sweep looks for. Reads only. */
  idle(): Session[] {
    return this.#idle.due(this.#time.now());
  }

  /** Ghosts that nobody has reaped yet, and how long the oldest has been one, in milliseconds. */
  overdue(): { sessions: Session[]; oldestMs: number } {
    const now = this.#time.now();
    const sessions = [this.#idle, ...this.#short.values()]
      .flatMap((list) => list.due(now))
      .filter((session) => this.judge(session).state === "ghost");
    const oldestMs = sessions.reduce((oldest, session) => Math.max(oldest, now - session.expiry.dueAt), 0);
    return { sessions, oldestMs };
  }

  /** Milliseconds since the client was last heard. */
  sinceLastSign(session: Session): number {
    return this.#clock.mono() - session.lastSeenMono;
  }

  /** `lastSeen` for showing, in epoch milliseconds. */
  lastSeenAt(session: Session): number {
    return Math.round(this.#clock.wall() - this.sinceLastSign(session));
  }

  /** A moment of virtual time in epoch milliseconds, for showing. */
  toWall(virtual: number): number {
    return Math.round(this.#clock.wall() - (this.#time.now() - virtual));
  }

  /** Milliseconds until time alone changes the verdict; negative for a ghost: how long it has been one. */
  untilDeadline(verdict: Verdict): number {
    return verdict.deadline - this.#time.now();
  }

  #show(session: Session, verdict: Verdict): void {
    const shown = verdict.state === "present" ? "present" : "away";
    if (shown === session.shown) return;
    session.shown = shown;
    const cause: Cause = verdict.cause;
    if (shown === "present") {
      this.#events.emit("back", { session, cause });
      return;
    }
    this.#events.emit("away", { session, cause });
    session.connection?.send(PROBE);
  }

  #listFor(verdict: Verdict): ExpiryList<Session> {
    if (verdict.deadlineCause === "silent") return verdict.toGhost ? this.#idle : this.#quiet;
    const name = `${verdict.deadlineCause}:${verdict.toGhost}`;
    let list = this.#short.get(name);
    if (!list) this.#short.set(name, (list = new ExpiryList()));
    return list;
  }
}
