/**
 * Keeps every open session in the expiry list of the deadline at which its verdict changes next. Evidence comes in through
 * methods (`heard`, `detached`, `mediaChanged` …). When the others have to know of a new verdict, an `away` or `back` event
 * goes out. The sweeper asks for the ghosts: its watch for those of the short deadlines, its sweep for those that were
 * silent for the idle timeout.
 */
import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { EvidenceReport } from "@lastseen/protocol";
import type { LifecycleEvents } from "./events.js";
import { Deadlines } from "./deadlines.js";
import { reportEvidence, type MediaSign, type SocketEnd, type Visibility } from "./evidence.js";
import type { ProbePace } from "./probe-pace.js";
import { Probes } from "./probes.js";
import type { MediaEvidence } from "../ports/media-plane.js";
import type { Conclusion, Session } from "./session.js";
import { judge, type LivenessPolicy, type Verdict } from "./verdict.js";
import type { VirtualTime } from "../kernel/virtual-time.js";

export class Liveness {
  readonly #clock: Clock;
  readonly #time: VirtualTime;
  readonly #policy: LivenessPolicy;
  readonly #events: Emitter<LifecycleEvents>;
  readonly #pace: ProbePace;
  readonly #deadlines: Deadlines;
  readonly probes: Probes;

  constructor(options: {
    clock: Clock;
    time: VirtualTime;
    policy: LivenessPolicy;
    pace: ProbePace;
    events: Emitter<LifecycleEvents>;
  }) {
    this.#clock = options.clock;
    this.#time = options.time;
    this.#policy = options.policy;
    this.#pace = options.pace;
    this.#events = options.events;
    this.probes = new Probes(options);
    this.#deadlines = new Deadlines((session) => this.probes.askAfterMs(session));
  }

  /** A valid application message arrived. Every heartbeat comes here, so this only sets numbers and moves a list entry. */
  heard(session: Session): void {
    if (session.status !== "open") return;
    const now = this.#time.now();
    session.evidence.lastSeen = now;
    // Not left to the times: both messages may come within one millisecond.
    session.evidence.frozenAt = undefined;
    session.lastSeenMono = Math.floor(this.#clock.mono());
    this.probes.answered(session);
    if (this.#deadlines.isQuiet(session)) this.#deadlines.putQuiet(session);
    else this.review(session);
  }

  /** The page said whether it is visible. To be called after {@link heard}. */
  declaredVisibility(session: Session, visibility: Visibility): void {
    session.evidence.visibility = visibility;
    if (visibility !== "frozen") return;
    session.evidence.frozenAt = this.#time.now();
    this.review(session);
  }

  /**
   * Somebody would see that the session is away, or nobody would any more.
   *
   * @param byItself its client has just asked for what makes it watched. So the client learns it from the answer, or notices that no
   *   answer comes
   */
  setWatched(session: Session, isWatched: boolean, byItself = false): void {
    if (session.isWatched === isWatched) return;
    session.isWatched = isWatched;
    session.watchedSinceMono = byItself ? session.lastSeenMono : Math.floor(this.#clock.mono());
    if (isWatched) this.#pace.began();
    else this.#pace.ended();
    // Nobody looks at the media of a session that is not watched.
    if (!isWatched) session.evidence.mediaSilentAt = undefined;
    session.connection?.paceChanged();
    session.participation?.media.watch(isWatched);
    this.review(session);
  }

  /** The session has no socket any more. */
  detached(session: Session, end: Omit<SocketEnd, "at">): void {
    session.evidence.socketEnd = { at: this.#time.now(), ...end };
    this.review(session);
  }

  /** It has turned out that the end of the socket tells something else. */
  endExplained(session: Session, end: SocketEnd, kind: SocketEnd["kind"]): void {
    if (session.evidence.socketEnd !== end) return;
    session.evidence.socketEnd = { ...end, kind };
    this.review(session);
  }

  /** Two WebSocket pings in a row were not answered. */
  socketSilent(session: Session): void {
    const { isWatched, lastSeenMono, connection, watchedSinceMono } = session;
    const heardMono = Math.max(lastSeenMono, connection?.lastPongMono ?? 0);
    const { evidence } = session;
    evidence.socketSilentAt = this.#time.now();
    const isUnaware = isWatched && watchedSinceMono > heardMono;
    const heardAt = evidence.socketSilentAt - (this.#clock.mono() - heardMono);
    evidence.unawareUntil = isUnaware ? heardAt + this.#policy.unawareMs : undefined;
    this.review(session);
  }

  /** Something came from a socket that was silent. */
  socketAnswers(session: Session): void {
    session.evidence.socketSilentAt = undefined;
    this.review(session);
  }

  /** The page sent a goodbye beacon. */
  saidGoodbye(session: Session): void {
    session.evidence.goodbyeAt = this.#time.now();
    this.review(session);
  }

  /** A new page of the same tab said that it is on its way. */
  held(session: Session): void {
    session.evidence.heldAt = this.#time.now();
    this.review(session);
  }

  /**
   * The media plane told a new state. When media is lost, the service pings the socket and probes the page.
   *
   * @param by what told of the loss
   */
  mediaChanged(session: Session, state: MediaEvidence, by?: MediaSign["by"]): void {
    session.evidence.media = { state, by, at: this.#time.now() };
    if (state === "connected") {
      session.evidence.mediaLostAt = undefined;
    } else {
      session.evidence.mediaLostAt ??= this.#time.now();
      this.probes.askAll(session);
    }
    this.review(session);
  }

  /** A transport that sends has brought nothing for a while, or brings something again. */
  mediaSilent(session: Session, isSilent: boolean): void {
    const { evidence } = session;
    if (isSilent === (evidence.mediaSilentAt !== undefined)) return;
    evidence.mediaSilentAt = isSilent ? this.#time.now() : undefined;
    if (isSilent) this.probes.askAll(session);
    this.review(session);
  }

  /** The service itself closed the session's media, or nobody sees it any more. So what was told of it counts no more. */
  mediaClosed(session: Session): void {
    session.evidence.media = undefined;
    session.evidence.mediaLostAt = undefined;
    session.evidence.mediaSilentAt = undefined;
    this.review(session);
  }

  /** The media worker has died. The report shows it, but it does not count against the session. */
  mediaReset(session: Session): void {
    session.evidence.media = { state: "reset", at: this.#time.now() };
    session.evidence.mediaLostAt = undefined;
    session.evidence.mediaSilentAt = undefined;
    this.review(session);
  }

  /** The verdict of this moment. Changes nothing. */
  judge(session: Session): Verdict {
    return judge(session.evidence, this.#policy, this.#time.now());
  }

  /**
   * Judges an open session, puts it into the list of its next deadline and announces a change. A ghost stays in its list
   * until the reaper takes it.
   *
   * @returns undefined when the session is closing or has ended
   */
  review(session: Session): Verdict | undefined {
    if (session.status !== "open") return undefined;
    const verdict = this.judge(session);
    session.verdict = verdict;
    if (verdict.deadlineCause === "silent" && !verdict.toGhost) this.#awaitSign(session, verdict.deadline);
    else this.#deadlines.put(session, verdict, this.#time.now());
    this.#announce(session, verdict);
    return verdict;
  }

  /**
   * Reviews the sessions whose deadline has passed, at most `atMost` of each list.
   *
   * @returns all ghosts that do not have to wait for the sweep
   */
  advance(atMost = Infinity): Session[] {
    for (const session of this.#deadlines.due(this.#time.now(), atMost)) this.review(session);
    return this.#deadlines.ghosts;
  }

  /** Whether {@link advance} has left sessions for the next time. */
  get isBehind(): boolean {
    return this.#deadlines.isAnyDue(this.#time.now());
  }

  /** The sessions that were silent for longer than the idle timeout, for the sweep. Changes nothing. */
  idle(): Session[] {
    return this.#deadlines.idle(this.#time.now());
  }

  /** Ghosts that the reaper has not taken yet, and for how many milliseconds the oldest has been a ghost. */
  overdue(): { sessions: Session[]; oldestMs: number } {
    const now = this.#time.now();
    const sessions = this.#deadlines.overdue(now);
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
    return reportEvidence(session, {
      fromVirtual: (at) => this.toWall(at),
      fromMono: (at) => Math.round(at + monoInWall),
    });
  }

  /** Judges the session for the last time and keeps the verdict with its evidence. */
  conclude(session: Session): void {
    const conclusion: Conclusion = { verdict: this.judge(session), evidence: this.report(session) };
    session.verdict = conclusion.verdict;
    session.conclusion = conclusion;
  }

  /** Milliseconds until time alone changes the verdict. For a ghost it is negative: minus the time since it became one. */
  untilDeadline(verdict: Verdict): number {
    return verdict.deadline - this.#time.now();
  }

  /** Milliseconds until the verdict changes if nothing is heard of the session. A page that does not answer a probe is away sooner. */
  untilChange(session: Session, verdict: Verdict): number {
    const { deadlineCause, toGhost } = verdict;
    if (deadlineCause !== "silent" || toGhost || !session.connection) return this.untilDeadline(verdict);
    const answerDue = session.evidence.lastSeen + this.probes.askAfterMs(session) + this.#policy.probeAnswerMs;
    return Math.min(verdict.deadline, answerDue) - this.#time.now();
  }

  #announce(session: Session, verdict: Verdict): void {
    const before = session.shown;
    const isPresent = verdict.state === "present";
    // The end of a socket counts only after a moment, but it brings nobody back who is shown as away already.
    if (isPresent && session.evidence.socketEnd) return;
    session.shown = isPresent ? "present" : "away";
    if (session.shown === before) return;
    if (verdict.state === "present") {
      this.probes.cameBack(session);
      this.#events.emit("back", { session, cause: verdict.cause });
      return;
    }
    this.#events.emit("away", { session, cause: verdict.cause, sinceLastSignMs: this.#sinceLastFrame(session) });
    this.probes.wentAway(session);
  }

  /** Milliseconds since anything came from the client: a message, a pong, a goodbye, or the end that its page chose. */
  #sinceLastFrame({ evidence, lastSeenMono, connection }: Session): number {
    const { socketEnd, goodbyeAt = -Infinity } = evidence;
    const byPage = socketEnd?.kind === "page_closed" ? socketEnd.at : -Infinity;
    const lastPongMono = (socketEnd ?? connection)?.lastPongMono ?? -Infinity;
    const sinceFrame = this.#clock.mono() - Math.max(lastSeenMono, lastPongMono);
    return Math.min(sinceFrame, this.#time.now() - Math.max(byPage, goodbyeAt));
  }

  /** Only silence counts against the session. The service probes it once before it shows it as away. */
  #awaitSign(session: Session, awayAt: number): void {
    const { evidence } = session;
    if (evidence.askedAt !== undefined || !session.connection) {
      this.#deadlines.putAsked(session, awayAt);
    } else if (evidence.lastSeen > this.#time.now() - this.probes.askAfterMs(session)) {
      this.#deadlines.putQuiet(session);
    } else {
      this.probes.askPage(session);
      this.#deadlines.putAsked(session, this.judge(session).deadline);
    }
  }
}
