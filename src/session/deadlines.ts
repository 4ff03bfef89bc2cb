import { ExpiryList } from "../kernel/expiry-list.js";
import type { Session } from "./session.js";
import type { Verdict } from "./verdict.js";

/** The sessions with one kind of short deadline. */
interface ShortList {
  readonly cause: Verdict["deadlineCause"];
  /** Whether a session past the deadline is a ghost; if not, it is away. */
  readonly toGhost: boolean;
  readonly list: ExpiryList<Session>;
}

/** Sessions against which only silence counts, and that are not away. */
class Silent {
  /**
   * Not probed yet: nearly all sessions. They stand in the order in which they were heard last, and not by when they are probed: all of
   * them are probed after a silence of the same length, which changes with their number. So a heartbeat moves its session to the tail.
   */
  readonly quiet = new ExpiryList<Session>();
  /** Probed, and the answer has not come yet. */
  readonly asked = new ExpiryList<Session>();
}

/**
 * The expiry lists of the open sessions. Each session is in one of them, by the deadline at which its verdict changes next; a quiet one
 * by when it was heard. One list holds deadlines of one length, so that a session nearly always goes to its tail.
 */
export class Deadlines {
  readonly #askAfterMs: (session: Pick<Session, "isWatched">) => number;
  readonly #unwatched = new Silent();
  readonly #watched = new Silent();
  /** Sessions that are away because they are silent. The sweep reads this list. */
  readonly #idle = new ExpiryList<Session>();
  /** One list for each short deadline, in the order in which `#shortListFor` made them. They are few. */
  readonly #short: ShortList[] = [];
  /** Sessions past a short deadline, in the order in which they were found. They wait for the reaper. */
  readonly #ghosts = new ExpiryList<Session>();

  /** @param askAfterMs how long after its last message the page of a session is probed now, milliseconds */
  constructor(askAfterMs: (session: Pick<Session, "isWatched">) => number) {
    this.#askAfterMs = askAfterMs;
  }

  /** Whether nothing but silence counts against the session, and it has not been probed. */
  isQuiet({ expiry: { list }, isWatched }: Session): boolean {
    return list === (isWatched ? this.#watched : this.#unwatched).quiet;
  }

  /** Only silence counts against the session, and it is too early to probe it. */
  putQuiet({ expiry, isWatched, evidence }: Session): void {
    (isWatched ? this.#watched : this.#unwatched).quiet.put(expiry, evidence.lastSeen);
  }

  /** The session was probed. @param awayAt when it is away without an answer */
  putAsked({ expiry, isWatched }: Session, awayAt: number): void {
    (isWatched ? this.#watched : this.#unwatched).asked.put(expiry, awayAt);
  }

  /** Something else than a silence that was just noticed counts against the session. */
  put({ expiry }: Session, verdict: Verdict, now: number): void {
    if (verdict.state === "ghost" && verdict.cause !== "silent") {
      if (expiry.list !== this.#ghosts) this.#ghosts.put(expiry, now);
      return;
    }
    const list = verdict.deadlineCause === "silent" ? this.#idle : this.#shortListFor(verdict);
    // An entry that is already in its place is not put again: the list would walk past all later entries to find the place.
    if (expiry.list !== list || expiry.dueAt !== verdict.deadline) list.put(expiry, verdict.deadline);
  }

  /** The sessions whose verdict changes by now, at most `atMost` of each list; not those that wait for sweep or reaper. */
  due(now: number, atMost: number): Session[] {
    return this.#reviewed(now).flatMap(({ list, until }) => list.due(until).slice(0, atMost));
  }

  isAnyDue(now: number): boolean {
    return this.#reviewed(now).some(({ list: { nextDueAt = Infinity }, until }) => nextDueAt <= until);
  }

  /** The ghosts that wait for the reaper. */
  get ghosts(): Session[] {
    return this.#ghosts.due(Infinity);
  }

  /** The sessions that were silent for longer than the idle timeout, for the sweep. */
  idle(now: number): Session[] {
    return this.#idle.due(now);
  }

  /** All ghosts: a session that is due in a ghost list is one, because evidence against that would have moved it. */
  overdue(now: number): Session[] {
    const toGhost = this.#short.filter((short) => short.toGhost).map(({ list }) => list);
    return [this.#ghosts, this.#idle, ...toGhost].flatMap((list) => list.due(now));
  }

  #shortListFor({ deadlineCause: cause, toGhost }: Verdict): ExpiryList<Session> {
    const known = this.#short.find((short) => short.cause === cause && short.toGhost === toGhost);
    if (known) return known.list;
    const list = new ExpiryList<Session>();
    this.#short.push({ cause, toGhost, list });
    return list;
  }

  /** The lists that are looked at, each with the moment until which its sessions are due. */
  #reviewed(now: number): { list: ExpiryList<Session>; until: number }[] {
    const untilNow = [this.#unwatched.asked, this.#watched.asked, ...this.#short.map(({ list }) => list)];
    return [
      { list: this.#unwatched.quiet, until: now - this.#askAfterMs({ isWatched: false }) },
      { list: this.#watched.quiet, until: now - this.#askAfterMs({ isWatched: true }) },
      ...untilNow.map((list) => ({ list, until: now })),
    ];
  }
}
