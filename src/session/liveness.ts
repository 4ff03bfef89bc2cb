/**
 * Keeps every open session in the expiry list of the deadline at which its verdict changes next. Evidence comes in through
 * methods (`heard`, `detached`, `mediaChanged` …). When the others have to know of a new verdict, an `away` or `back` event
 * goes out. The sweeper asks for the ghosts: its watch for those of the short deadlines, its sweep for those that were
 * silent for the idle timeout.
 */
import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { EvidenceReport } from "@lastseen/protocol";
import { PROBE } from "@lastseen/protocol/codec";
import type { LifecycleEvents } from "./events.js";
import { reportEvidence, type Evidence, type MediaSign, type SocketEnd, type Visibility } from "./evidence.js";
import type { ProbePace } from "./probe-pace.js";
import { ExpiryList } from "../kernel/expiry-list.js";
import type { MediaEvidence } from "../ports/media-plane.js";
import type { Conclusion, Session } from "./session.js";
import { judge, type LivenessPolicy, type Verdict } from "./verdict.js";
import type { VirtualTime } from "../kernel/virtual-time.js";

/**
 * The service probes a silent session so long before it would show it as away. A hidden page whose timers run once a minute
 * answers the probe from its message handler. Without the probe, the others would see it go away and come back every minute.
 */
const ASK_BEFORE_MS = 5_000;
/** An away that is taken back within this time was wrong, if every question before it had been answered. */
const FALSE_AWAY_MS = 2_000;

/** The sessions with one kind of short deadline. */
interface ShortList {
  readonly cause: Verdict["deadlineCause"];
  /** Whether a session past the deadline is a ghost; if not, it is away. */
  readonly toGhost: boolean;
  readonly list: ExpiryList<Session>;
}

/** Sessions against which only silence counts, and that are not away. */
class Silent {
  /** Not probed yet: nearly all sessions. A heartbeat moves its session to the tail. */
  readonly quiet = new ExpiryList<Session>();
  /** Probed, and the answer has not come yet. */
  readonly asked = new ExpiryList<Session>();
}

/** Questions to pages, and how they ended. */
export interface Answers {
  answered: number;
  unanswered: number;
}

export class Liveness {
  readonly #clock: Clock;
  readonly #time: VirtualTime;
  readonly #policy: LivenessPolicy;
  readonly #events: Emitter<LifecycleEvents>;
  readonly #pace: ProbePace;
  readonly #askAfterMs: number;
  readonly #unwatched = new Silent();
  readonly #watched = new Silent();
  /** Sessions that are away because they are silent. The sweep reads this list. */
  readonly #idle = new ExpiryList<Session>();
  /** One list for each short deadline, in the order in which `#shortListFor` made them. They are few. */
  readonly #short: ShortList[] = [];
  /** Sessions past a short deadline, in the order in which they were found. They wait for the reaper. */
  readonly #ghosts = new ExpiryList<Session>();

  /** Probes of pages. */
  readonly probes: Answers = { answered: 0, unanswered: 0 };
  /** Questions after silent media. */
  readonly mediaProbes: Answers = { answered: 0, unanswered: 0 };
  /** How often a session was shown as away that had answered everything, and was back at once. */
  falseAways = 0;

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
    const { awayAfterMs } = this.#policy;
    this.#askAfterMs = awayAfterMs - Math.min(ASK_BEFORE_MS, awayAfterMs / 3);
  }

  /** A valid application message arrived. Every heartbeat comes here, so this only sets numbers and moves a list entry. */
  heard(session: Session): void {
    if (session.status !== "open") return;
    const now = this.#time.now();
    const { evidence, expiry } = session;
    evidence.lastSeen = now;
    session.lastSeenMono = this.#clock.mono();
    if (evidence.askedAt !== undefined) this.#answered(session);
    if (expiry.list === this.#unwatched.quiet) this.#unwatched.quiet.put(expiry, now + this.#askAfterMs);
    else if (expiry.list === this.#watched.quiet) this.#watched.quiet.put(expiry, now + this.#askAfter(session));
    else this.review(session);
  }

  /** The page said whether it is visible. To be called after {@link heard}. */
  declaredVisibility(session: Session, visibility: Visibility): void {
    session.evidence.visibility = visibility;
    if (visibility !== "frozen") return;
    session.evidence.frozenAt = this.#time.now();
    this.review(session);
  }

  /** Somebody would see that the session is away, or nobody would any more. */
  watched(session: Session, isWatched: boolean): void {
    if (session.isWatched === isWatched) return;
    session.isWatched = isWatched;
    session.watchedSinceMono = this.#clock.mono();
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
      this.#askAll(session);
    }
    this.review(session);
  }

  /** A transport that sends has brought nothing for a while, or brings something again. */
  mediaSilent(session: Session, isSilent: boolean): void {
    const { evidence } = session;
    if (isSilent === (evidence.mediaSilentAt !== undefined)) return;
    evidence.mediaSilentAt = isSilent ? this.#time.now() : undefined;
    if (isSilent) this.#askAll(session);
    this.review(session);
  }

  /** The service itself closed the session's media, so that lost media tells nothing any more. */
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
    this.#putInList(session, verdict);
    this.#announce(session, verdict);
    return verdict;
  }

  /**
   * Reviews the sessions whose deadline has passed, at most `atMost` of each list.
   *
   * @returns all ghosts that do not have to wait for the sweep
   */
  advance(atMost = Infinity): Session[] {
    const now = this.#time.now();
    for (const list of this.#reviewed()) {
      for (const session of list.due(now).slice(0, atMost)) this.review(session);
    }
    return this.#ghosts.due(Infinity);
  }

  /** Whether {@link advance} has left sessions for the next time. */
  get isBehind(): boolean {
    const now = this.#time.now();
    return this.#reviewed().some(({ nextDueAt = Infinity }) => nextDueAt <= now);
  }

  /** The sessions that were silent for longer than the idle timeout, for the sweep. Changes nothing. */
  idle(): Session[] {
    return this.#idle.due(this.#time.now());
  }

  /** Ghosts that the reaper has not taken yet, and for how many milliseconds the oldest has been a ghost. */
  overdue(): { sessions: Session[]; oldestMs: number } {
    const now = this.#time.now();
    const toGhost = this.#short.filter((short) => short.toGhost).map(({ list }) => list);
    // A session that is due in a ghost list is a ghost: evidence against that would have moved it to another list.
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

  #announce(session: Session, verdict: Verdict): void {
    const before = session.shown;
    const isPresent = verdict.state === "present";
    // The end of a socket counts only after a moment, but it brings nobody back who is shown as away already.
    if (isPresent && session.evidence.socketEnd) return;
    session.shown = isPresent ? "present" : "away";
    if (session.shown === before) return;
    if (verdict.state === "present") {
      if (this.#time.now() - session.falseAwayFrom < FALSE_AWAY_MS) this.falseAways += 1;
      this.#events.emit("back", { session, cause: verdict.cause });
      return;
    }
    session.falseAwayFrom = this.#hasAnsweredAll(session) ? this.#time.now() : -Infinity;
    if (session.evidence.askedAt !== undefined) this.#unanswered(session.evidence);
    this.#events.emit("away", { session, cause: verdict.cause, sinceLastSignMs: this.#sinceLastFrame(session) });
    if (session.evidence.askedAt === undefined) this.#ask(session);
  }

  /** Milliseconds since anything came from the client: a message, a pong, a goodbye, or the end that its page chose. */
  #sinceLastFrame({ evidence, lastSeenMono, connection }: Session): number {
    const { socketEnd, goodbyeAt = -Infinity } = evidence;
    const byPage = socketEnd?.kind === "page_closed" ? socketEnd.at : -Infinity;
    const lastPongMono = (socketEnd ?? connection)?.lastPongMono ?? -Infinity;
    const sinceFrame = this.#clock.mono() - Math.max(lastSeenMono, lastPongMono);
    return Math.min(sinceFrame, this.#time.now() - Math.max(byPage, goodbyeAt));
  }

  #putInList(session: Session, verdict: Verdict): void {
    const { expiry } = session;
    if (verdict.deadlineCause === "silent" && !verdict.toGhost) {
      this.#awaitSign(session, verdict.deadline);
      return;
    }
    if (verdict.state === "ghost" && verdict.cause !== "silent") {
      if (expiry.list !== this.#ghosts) this.#ghosts.put(expiry, this.#time.now());
      return;
    }
    const list = verdict.deadlineCause === "silent" ? this.#idle : this.#shortListFor(verdict);
    // An entry that is already in its place is not put again: the list would walk past all later entries to find the place.
    if (expiry.list !== list || expiry.dueAt !== verdict.deadline) list.put(expiry, verdict.deadline);
  }

  /** Only silence counts against the session. The service probes it once before it shows it as away. */
  #awaitSign(session: Session, awayAt: number): void {
    const { expiry, evidence } = session;
    const { quiet, asked } = session.isWatched ? this.#watched : this.#unwatched;
    const askAt = evidence.lastSeen + this.#askAfter(session);
    if (evidence.askedAt !== undefined || !session.connection) {
      asked.put(expiry, awayAt);
    } else if (this.#time.now() < askAt) {
      quiet.put(expiry, askAt);
    } else {
      this.#ask(session);
      asked.put(expiry, this.judge(session).deadline);
    }
  }

  /** How long after its last message the page of the session is probed, milliseconds. */
  #askAfter(session: Session): number {
    return session.isWatched ? Math.min(this.#pace.probeMs, this.#askAfterMs) : this.#askAfterMs;
  }

  /** Probes the page, unless there is no socket. */
  #ask(session: Session): void {
    if (!session.connection) return;
    session.evidence.askedAt ??= this.#time.now();
    session.connection.send(PROBE);
  }

  /** Asks the socket and the page, because media has stopped. */
  #askAll(session: Session): void {
    session.connection?.demandPong(this.#policy.mediaAnswerMs);
    this.#ask(session);
  }

  /** An answer that comes when the session is away already has been counted as missing. */
  #answered({ evidence, shown }: Session): void {
    evidence.askedAt = undefined;
    if (shown === "present") this.#countersOf(evidence).answered += 1;
  }

  #unanswered(evidence: Evidence): void {
    this.#countersOf(evidence).unanswered += 1;
  }

  #countersOf({ mediaSilentAt }: Evidence): Answers {
    return mediaSilentAt === undefined ? this.probes : this.mediaProbes;
  }

  /** Whether no question to the session's socket or page is open. */
  #hasAnsweredAll({ connection, evidence }: Session): boolean {
    return connection !== undefined && evidence.socketSilentAt === undefined && evidence.askedAt === undefined;
  }

  #shortListFor({ deadlineCause: cause, toGhost }: Verdict): ExpiryList<Session> {
    const known = this.#short.find((short) => short.cause === cause && short.toGhost === toGhost);
    if (known) return known.list;
    const list = new ExpiryList<Session>();
    this.#short.push({ cause, toGhost, list });
    return list;
  }

  /** The lists that {@link advance} reviews. */
  #reviewed(): ExpiryList<Session>[] {
    const { quiet, asked } = this.#watched;
    return [this.#unwatched.quiet, this.#unwatched.asked, quiet, asked, ...this.#short.map(({ list }) => list)];
  }
}
