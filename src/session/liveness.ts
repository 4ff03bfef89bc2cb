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
import { reportEvidence, type MediaSign, type SocketEnd, type Visibility } from "./evidence.js";
import { ExpiryList } from "../kernel/expiry-list.js";
import type { MediaEvidence } from "../ports/media-plane.js";
import type { Conclusion, Session } from "./session.js";
import { judge, type LivenessPolicy, type Verdict } from "./verdict.js";
import type { VirtualTime } from "../kernel/virtual-time.js";

/** How long the browser may take to answer the socket ping that the service sends when media is lost. */
const SOCKET_ANSWER_MS = 5_000;
/**
 * The service probes a silent session so long before it would show it as away. A hidden page whose timers run once a minute
 * answers the probe from its message handler. Without the probe, the others would see it go away and come back every minute.
 */
const ASK_BEFORE_MS = 5_000;

/** The sessions with one kind of short deadline. */
interface ShortList {
  readonly cause: Verdict["deadlineCause"];
  /** Whether a session past the deadline is a ghost; if not, it is away. */
  readonly toGhost: boolean;
  readonly list: ExpiryList<Session>;
}

export class Liveness {
  readonly #clock: Clock;
  readonly #time: VirtualTime;
  readonly #policy: LivenessPolicy;
  readonly #events: Emitter<LifecycleEvents>;
  readonly #askAfterMs: number;
  /** Sessions that were heard and are not away: nearly all. A heartbeat moves its session to the tail. */
  readonly #quiet = new ExpiryList<Session>();
  /** Sessions that were probed and have not answered yet. */
  readonly #asked = new ExpiryList<Session>();
  /** Sessions that are away because they are silent. The sweep reads this list. */
  readonly #idle = new ExpiryList<Session>();
  /** One list for each short deadline, in the order in which `#shortListFor` made them. They are few. */
  readonly #short: ShortList[] = [];
  /** Sessions past a short deadline, in the order in which they were found. They wait for the reaper. */
  readonly #ghosts = new ExpiryList<Session>();

  constructor(options: { clock: Clock; time: VirtualTime; policy: LivenessPolicy; events: Emitter<LifecycleEvents> }) {
    this.#clock = options.clock;
    this.#time = options.time;
    this.#policy = options.policy;
    this.#events = options.events;
    const { awayAfterMs } = this.#policy;
    this.#askAfterMs = awayAfterMs - Math.min(ASK_BEFORE_MS, awayAfterMs / 3);
  }

  /** A valid application message arrived. Every heartbeat comes here, so this only sets two numbers and moves a list entry. */
  heard(session: Session): void {
    if (session.status !== "open") return;
    const now = this.#time.now();
    session.evidence.lastSeen = now;
    session.lastSeenMono = this.#clock.mono();
    if (session.expiry.list === this.#quiet) this.#quiet.put(session.expiry, now + this.#askAfterMs);
    else this.review(session);
  }

  /** The page said whether it is visible. */
  declaredVisibility(session: Session, visibility: Visibility): void {
    session.evidence.visibility = visibility;
  }

  /** The session has no socket any more. */
  detached(session: Session, end: Omit<SocketEnd, "at">): void {
    session.evidence.socketEnd = { at: this.#time.now(), ...end };
    this.review(session);
  }

  /** The page sent a goodbye beacon. */
  saidGoodbye(session: Session): void {
    session.evidence.goodbyeAt = this.#time.now();
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
      session.connection?.demandPong(SOCKET_ANSWER_MS);
      session.connection?.send(PROBE);
    }
    this.review(session);
  }

  /** The service itself closed the session's media, so that lost media tells nothing any more. */
  mediaClosed(session: Session): void {
    session.evidence.media = undefined;
    session.evidence.mediaLostAt = undefined;
    this.review(session);
  }

  /** The media worker has died. The report shows it, but it does not count against the session. */
  mediaReset(session: Session): void {
    session.evidence.media = { state: "reset", at: this.#time.now() };
    session.evidence.mediaLostAt = undefined;
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
    session.shown = verdict.state === "present" ? "present" : "away";
    if (session.shown === before) return;
    if (verdict.state === "present") {
      this.#events.emit("back", { session, cause: verdict.cause });
      return;
    }
    this.#events.emit("away", { session, cause: verdict.cause });
    session.connection?.send(PROBE);
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
    const { expiry, evidence, connection } = session;
    const askAt = evidence.lastSeen + this.#askAfterMs;
    if (this.#time.now() < askAt) {
      this.#quiet.put(expiry, askAt);
      return;
    }
    if (expiry.list !== this.#asked) connection?.send(PROBE);
    this.#asked.put(expiry, awayAt);
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
    return [this.#quiet, this.#asked, ...this.#short.map(({ list }) => list)];
  }
}
