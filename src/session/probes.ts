import { PROBE } from "@lastseen/protocol/codec";
import type { VirtualTime } from "../kernel/virtual-time.js";
import type { Evidence } from "./evidence.js";
import type { ProbePace } from "./probe-pace.js";
import type { Session } from "./session.js";
import type { LivenessPolicy } from "./verdict.js";

/**
 * The service probes a silent session so long before it would show it as away. A hidden page whose timers run once a minute
 * answers the probe from its message handler. Without the probe, the others would see it go away and come back every minute.
 */
const ASK_BEFORE_MS = 5_000;
/**
 * The page of a watched session is probed when it was silent for so much of `PROBE_INTERVAL_MS`. Not for the whole of it: the probe, the
 * whole interval that the page then has for its answer, and two passes of the watch must be over within two intervals.
 */
const WATCHED_SILENCE = 0.75;
/** An away that is taken back within this time was wrong, if every question before it had been answered. */
const FALSE_AWAY_MS = 2_000;

/** Questions to clients, and how they ended. */
export interface Answers {
  answered: number;
  unanswered: number;
}

/** Asks clients for a sign of life, and counts the answers. What follows from an answer that is missing, the verdict says. */
export class Probes {
  readonly #time: VirtualTime;
  readonly #pace: ProbePace;
  readonly #mediaAnswerMs: number;
  /** How long after its last message the page of a session that is not watched is probed, milliseconds. */
  readonly #unwatchedMs: number;
  /** Probes of pages. */
  readonly ofPages: Answers = { answered: 0, unanswered: 0 };
  /** Questions after silent media. */
  readonly ofMedia: Answers = { answered: 0, unanswered: 0 };
  /** How often a session was shown as away that had answered everything, and was back at once. */
  falseAways = 0;

  constructor(options: { time: VirtualTime; pace: ProbePace; policy: LivenessPolicy }) {
    const { awayAfterMs, mediaAnswerMs } = options.policy;
    this.#time = options.time;
    this.#pace = options.pace;
    this.#mediaAnswerMs = mediaAnswerMs;
    this.#unwatchedMs = awayAfterMs - Math.min(ASK_BEFORE_MS, awayAfterMs / 3);
  }

  /** How long after its last message the page of the session is probed, milliseconds. */
  askAfterMs({ isWatched }: Pick<Session, "isWatched">): number {
    return isWatched ? Math.min(this.#pace.probeMs * WATCHED_SILENCE, this.#unwatchedMs) : this.#unwatchedMs;
  }

  /** Probes the page, unless there is no socket. */
  askPage(session: Session): void {
    if (!session.connection) return;
    session.evidence.askedAt ??= this.#time.now();
    session.connection.send(PROBE);
  }

  /** Asks the socket and the page, because media has stopped. */
  askAll(session: Session): void {
    session.connection?.demandPong(this.#mediaAnswerMs);
    this.askPage(session);
  }

  /** The page sent a message. One that comes when the session is away already has been counted as missing. */
  answered({ evidence, shown }: Session): void {
    if (evidence.askedAt === undefined) return;
    evidence.askedAt = undefined;
    if (shown === "present") this.#countsOf(evidence).answered += 1;
  }

  /** The session is shown as away from now on. */
  wentAway(session: Session): void {
    const { evidence, connection } = session;
    const hasAnsweredAll =
      connection !== undefined && evidence.socketSilentAt === undefined && evidence.askedAt === undefined;
    session.falseAwayFrom = hasAnsweredAll ? this.#time.now() : undefined;
    if (evidence.askedAt === undefined) this.askPage(session);
    else this.#countsOf(evidence).unanswered += 1;
  }

  /** The session is shown as present again. */
  cameBack({ falseAwayFrom = -Infinity }: Session): void {
    if (this.#time.now() - falseAwayFrom < FALSE_AWAY_MS) this.falseAways += 1;
  }

  #countsOf({ mediaSilentAt }: Evidence): Answers {
    return mediaSilentAt === undefined ? this.ofPages : this.ofMedia;
  }
}
