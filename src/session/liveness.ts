/**
 * Keeps every open session in the expiry list in which its present verdict will change next. Evidence comes in through
 * methods (`heard`, `detached`, `mediaLost` …); verdicts that matter to others go out as `away` and `back` events;
 * ghosts wait to be asked for by the watch (short deadlines) and by the sweep (the idle timeout).
 */
import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import { PROBE } from "@lastseen/protocol/codec";
import type { LifecycleEvents } from "./events.js";
import type { DetachKind, Evidence, EvidenceReport, MediaSign, SocketEnd } from "./evidence.js";
import { reportEvidence } from "./evidence-report.js";
import { ExpiryList } from "../kernel/expiry-list.js";
import type { MediaEvidence } from "../ports/media-plane.js";
import type { Session } from "./session.js";
import { judge, type Cause, type LivenessPolicy, type Verdict } from "./verdict.js";
import type { VirtualTime } from "../kernel/virtual-time.js";

/** How long the other end of a socket may take to answer a ping that was sent because the media was lost. */
const SOCKET_ANSWER_MS = 5_000;
/**
 * So long before a silent session is shown as away it is asked. A hidden page whose timers run once a minute answers from
 * its message handler; it is there, and must not be shown as away and back with every minute.
 */
const ASK_BEFORE_MS = 5_000;

export class Liveness {
  readonly #clock: Clock;
  readonly #time: VirtualTime;
  readonly #policy: LivenessPolicy;
  readonly #events: Emitter<LifecycleEvents>;
  readonly #askAfterMs: number;
  /** Who was heard and is not away: where nearly everybody is, and where a heartbeat moves its session to the tail. */
  readonly #quiet = new ExpiryList<Session>();
  /** Who was asked for a sign and has not given one yet. */
  readonly #asked = new ExpiryList<Session>();
  /** Who is away for being silent; the sweep asks this one. */
  readonly #idle = new ExpiryList<Session>();
  readonly #short = new Map<string, ExpiryList<Session>>();
  /** Past a short deadline, in the order in which they were found; they wait to be reaped and are not judged meanwhile. */
  readonly #ghosts = new ExpiryList<Session>();

  constructor(options: { clock: Clock; time: VirtualTime; policy: LivenessPolicy; events: Emitter<LifecycleEvents> }) {
    this.#clock = options.clock;
    this.#time = options.time;
    this.#policy = options.policy;
    this.#events = options.events;
    const { awayAfterMs } = this.#policy;
    this.#askAfterMs = awayAfterMs - Math.min(ASK_BEFORE_MS, awayAfterMs / 3);
  }

  /** A valid application message arrived. The heartbeat path: nothing here but two numbers and a list move. */
  heard(session: Session): void {
    if (session.status !== "open") return;
    const now = this.#time.now();
    session.evidence.lastSeen = now;
    session.lastSeenMono = this.#clock.mono();
    if (session.expiry.list === this.#quiet) this.#quiet.put(session.expiry, now + this.#askAfterMs);
    else this.review(session);
  }

  declaredVisibility(session: Session, visibility: Evidence["visibility"]): void {
    session.evidence.visibility = visibility;
  }

  /** @param end how the socket ended; it is told, but only its kind decides */
  detached(session: Session, kind: DetachKind, end?: SocketEnd): void {
    session.evidence.detachedAt = this.#time.now();
    session.evidence.detachKind = kind;
    session.evidence.socketEnd = end;
    this.review(session);
  }

  saidGoodbye(session: Session): void {
    session.evidence.goodbyeAt = this.#time.now();
    this.review(session);
  }

  /**
   * Media that was there and is gone is a reason to ask: the socket for its end, the page for a word.
   *
   * @param by which of the two told of a loss
   */
  mediaChanged(session: Session, state: MediaEvidence, by?: MediaSign["by"]): void {
    session.evidence.media = { state, by, at: this.#time.now() };
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
    session.evidence.media = undefined;
    session.evidence.mediaLostAt = undefined;
    this.review(session);
  }

  /** The media worker has died: kept as evidence, and held against nobody. */
  mediaReset(session: Session): void {
    session.evidence.media = { state: "reset", at: this.#time.now() };
    session.evidence.mediaLostAt = undefined;
    this.review(session);
  }

  /** The verdict as of now, without acting on it. */
  judge(session: Session): Verdict {
    return judge(session.evidence, this.#policy, this.#time.now());
  }

  /**
   * Judges an open session and puts it where it belongs. A ghost stays in its list until somebody reaps it.
   */
  review(session: Session): Verdict | undefined {
    if (session.status !== "open") return undefined;
    const verdict = this.judge(session);
    session.verdict = verdict;
    this.#file(session, verdict);
    this.#show(session, verdict);
    return verdict;
  }

  /**
   * Carries out what became due, of each deadline class `atMost` at a time. Whoever is a ghost by it waits among
   * those who are returned, or for the sweep.
   *
   * @returns the ghosts that do not have to wait for the sweep
   */
  advance(atMost = Infinity): Session[] {
    const now = this.#time.now();
    for (const list of [this.#quiet, this.#asked, ...this.#short.values()]) {
      for (const session of list.due(now).slice(0, atMost)) this.review(session);
    }
    return this.#ghosts.due(Infinity);
  }

  /** Whether {@link advance} has left something for the next time. */
  get isBehind(): boolean {
    const now = this.#time.now();
    return [this.#quiet, this.#asked, ...this.#short.values()].some(({ nextDueAt = Infinity }) => nextDueAt <= now);
  }

  /** The sessions that were silent for longer than the idle timeout: what the sweep looks for. Reads only. */
  idle(): Session[] {
    return this.#idle.due(this.#time.now());
  }

  /** Ghosts that nobody has reaped yet, and how long the oldest has been one, in milliseconds. */
  overdue(): { sessions: Session[]; oldestMs: number } {
    const now = this.#time.now();
    const toGhost = [...this.#short].flatMap(([name, list]) => (name.endsWith(":true") ? [list] : []));
    // Whoever is due to be a ghost is one: whatever speaks against it moves the session to another list.
    const sessions = [this.#ghosts, this.#idle, ...toGhost].flatMap((list) => list.due(now));
    const since = ({ verdict }: Session): number => verdict?.deadline ?? now;
    const oldestMs = sessions.reduce((oldest, session) => Math.max(oldest, now - since(session)), 0);
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

  /** All that is known about the session being alive. */
  report(session: Session): EvidenceReport {
    const monoInWall = this.#clock.wall() - this.#clock.mono();
    return reportEvidence(
      session,
      (virtual) => this.toWall(virtual),
      (mono) => Math.round(mono + monoInWall),
    );
  }

  /** Judges the session for the last time and keeps what the verdict rests on. */
  conclude(session: Session): Verdict {
    const verdict = { ...this.judge(session), evidence: this.report(session) };
    session.verdict = verdict;
    return verdict;
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

  #file(session: Session, verdict: Verdict): void {
    const { expiry } = session;
    if (verdict.deadlineCause === "silent" && !verdict.toGhost) {
      this.#awaitSign(session, verdict.deadline);
      return;
    }
    if (verdict.state === "ghost" && verdict.cause !== "silent") {
      if (expiry.list !== this.#ghosts) this.#ghosts.put(expiry, this.#time.now());
      return;
    }
    const list = this.#listFor(verdict);
    // Put again, the longest overdue of many would be walked past all the others to where it was.
    if (expiry.list !== list || expiry.dueAt !== verdict.deadline) list.put(expiry, verdict.deadline);
  }

  /** Nothing speaks against the session but the time since it was heard: it is asked before that is shown. */
  #awaitSign(session: Session, awayAt: number): void {
    const { expiry, evidence, connection } = session;
    const askAt = evidence.lastSeen + this.#askAfterMs;
    if (this.#time.now() < askAt) {
      this.#quiet.put(expiry, askAt);
      return;
    }
    if (expiry.list !== this.#asked) connection?.send(PROBE);
    this.#asked.put(expiry, awayAt);
  }

  #listFor(verdict: Verdict): ExpiryList<Session> {
    if (verdict.deadlineCause === "silent") return this.#idle;
    const name = `${verdict.deadlineCause}:${verdict.toGhost}`;
    let list = this.#short.get(name);
    if (!list) this.#short.set(name, (list = new ExpiryList()));
    return list;
  }
}
