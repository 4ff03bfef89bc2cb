import { ExpiryList } from "../kernel/expiry-list.js";
import type { VirtualTime } from "../kernel/virtual-time.js";
import type { Answers } from "../session/probes.js";
import type { Connection } from "./connection.js";

/** So many pings in a row without an answer: the socket is silent. */
const MISSED_PONGS = 2;
/**
 * How long the service waits for the second pong of a socket that is not watched, milliseconds. Not shorter: a client whose
 * connection was cut silently notices that 40 s after its last pong, and must then still find its session.
 */
const LAST_ANSWER_MS = 8_000;
/**
 * The same for a watched socket. With the default interval of 3 s it is pinged 4 s and 7 s after its last sign of life, and is
 * silent 8.75 s after it. So a connection that was cut is found out within 9 s with one pass of the watch, and never less than
 * 4.5 s after the cut: a change from Wi-Fi to a mobile network, which takes up to 4 s, is over by then.
 */
const WATCHED_LAST_ANSWER_MS = 1_750;
/**
 * A watched socket is pinged when it was silent for so many intervals. More than one: a client that speaks by itself once in
 * {@link ProbePace.aliveMs} is not pinged at all.
 */
const WATCHED_SILENCE = 4 / 3;
/** A message puts the next ping off by so much at least, or not at all, milliseconds. */
const LEAST_DELAY_MS = 250;
/**
 * When a socket is due, those that fall due within so many milliseconds are pinged with it. A ping with its answer costs about half
 * when many go out at the same moment, because the process then reads many answers each time it wakes up.
 */
const EARLY_MS = 3_000;
/** The same for watched sockets. Short, because most of their clients are about to speak by themselves. */
const WATCHED_EARLY_MS = 250;
/** Never earlier than by this share of the interval. */
const EARLY_SHARE = 0.25;
/** No more pings than this go out in one pass before they are due. */
const MOST_EARLY = 500;
/** A pass that comes later than this does not shorten the time for an answer, milliseconds. */
const LATE_PASS_MS = 250;

/** The sockets that are pinged at one pace, in the order in which they fall due. */
class Round {
  /** They have answered everything. */
  readonly first = new ExpiryList<Connection>();
  /** One ping is not answered. */
  readonly second = new ExpiryList<Connection>();
}

/** What the watch tells about sockets that have a session. */
export interface SocketSigns {
  /** Two pings in a row were not answered, or one that was demanded. The socket stays open: the line may come back. */
  silent(connection: Connection): void;
  /** Something came from a socket that was silent. */
  answers(connection: Connection): void;
}

/**
 * The deadlines of sockets: a client must say hello in time and answer WebSocket pings. They are kept in expiry lists of
 * virtual time, as the deadlines of sessions are, so that a stall of the process closes no socket.
 */
export class SocketWatch {
  readonly #time: VirtualTime;
  readonly #helloTimeoutMs: number;
  readonly #pingIntervalMs: number;
  readonly #watchedPace: { readonly pingMs: number };
  readonly #signs: SocketSigns;
  readonly #awaitingHello = new ExpiryList<Connection>();
  readonly #unwatched = new Round();
  readonly #watched = new Round();
  readonly #demanded = new ExpiryList<Connection>();
  readonly counts: Answers = { answered: 0, unanswered: 0 };

  constructor(options: {
    time: VirtualTime;
    helloTimeoutMs: number;
    /** Between two pings of a socket whose session is not watched, and between its last sign of life and the first ping. */
    pingIntervalMs: number;
    /** The interval for watched sessions; it changes with their number. */
    watchedPace: { readonly pingMs: number };
    signs: SocketSigns;
  }) {
    this.#time = options.time;
    this.#helloTimeoutMs = options.helloTimeoutMs;
    this.#pingIntervalMs = options.pingIntervalMs;
    this.#watchedPace = options.watchedPace;
    this.#signs = options.signs;
  }

  /** A hello has to come now. Pings are not waited for: their answers prove nothing about who it is. */
  opened(connection: Connection): void {
    connection.unansweredPings = 0;
    this.#awaitingHello.put(connection.expiry, this.#time.now() + this.#helloTimeoutMs);
  }

  saidHello(connection: Connection): void {
    this.#awaitSign(connection);
  }

  /** A frame of any kind arrived, so the socket is alive. */
  heard(connection: Connection): void {
    if (connection.unansweredPings === 0) return;
    this.counts.answered += connection.unansweredPings;
    connection.unansweredPings = 0;
    this.#awaitSign(connection);
    if (!connection.isSilent) return;
    connection.isSilent = false;
    this.#signs.answers(connection);
  }

  /**
   * A message arrived. It proves as much as the answer to a ping, so it puts off the next ping. Not so a frame of any kind: a client
   * that sends pongs without being asked must still be pinged.
   */
  spoke(connection: Connection): void {
    this.heard(connection);
    if (!this.#isAwaitingPing(connection)) return;
    const next = this.#time.now() + this.#silenceOf(connection);
    // Many messages in a short time move the entry once.
    if (next - connection.expiry.dueAt >= LEAST_DELAY_MS) this.#roundOf(connection).first.put(connection.expiry, next);
  }

  /** The session of the connection is watched now, or not any more. That puts off no ping. */
  paceChanged(connection: Connection): void {
    if (!this.#isAwaitingPing(connection)) return;
    const { expiry, unansweredPings } = connection;
    const round = this.#roundOf(connection);
    const isFirst = unansweredPings === 0;
    const next = this.#time.now() + (isFirst ? this.#silenceOf(connection) : this.#intervalOf(connection));
    (isFirst ? round.first : round.second).put(expiry, Math.min(expiry.dueAt, next));
  }

  /** Pings now. Unless a frame arrives within `answerMs`, the socket is silent. */
  demand(connection: Connection, answerMs: number): void {
    if (!this.#isAwaitingPing(connection) || !connection.canBePinged) return;
    this.#ping(connection);
    this.#demanded.put(connection.expiry, this.#time.now() + answerMs);
  }

  closed(connection: Connection): void {
    connection.expiry.remove();
  }

  advance(): void {
    const now = this.#time.now();
    for (const connection of this.#awaitingHello.due(now)) {
      connection.expiry.remove();
      connection.close("helloTimeout");
    }
    for (const connection of this.#demanded.due(now)) this.#silent(connection);
    for (const round of [this.#watched, this.#unwatched]) {
      for (const connection of round.second.due(now)) this.#pingRegularly(connection);
      for (const connection of this.#dueTogether(round)) this.#pingRegularly(connection);
    }
  }

  /** The sockets that are due for a first ping, and with them those that fall due soon. */
  #dueTogether({ first }: Round): Connection[] {
    const now = this.#time.now();
    if (first.nextDueAt === undefined || first.nextDueAt > now) return [];
    const isWatched = first === this.#watched.first;
    const intervalMs = isWatched ? this.#watchedIntervalMs : this.#pingIntervalMs;
    const earlyMs = Math.min(isWatched ? WATCHED_EARLY_MS : EARLY_MS, intervalMs * EARLY_SHARE);
    const entries = first.dueEntries(now + earlyMs);
    const early = entries.findIndex(({ dueAt }) => dueAt > now);
    return entries.slice(0, early < 0 ? entries.length : early + MOST_EARLY).map(({ item }) => item);
  }

  #pingRegularly(connection: Connection): void {
    const { expiry } = connection;
    if (!connection.isOpen) {
      expiry.remove();
      return;
    }
    this.#ping(connection);
    if (connection.unansweredPings === 0) {
      this.#awaitSign(connection);
      return;
    }
    // From when the ping was due, so that passes which come a little late do not add up.
    const from = Math.max(expiry.dueAt, this.#time.now() - LATE_PASS_MS);
    const intervalMs = this.#intervalOf(connection);
    if (connection.unansweredPings < MISSED_PONGS) {
      this.#roundOf(connection).second.put(expiry, from + intervalMs);
    } else {
      const lastAnswerMs = connection.session?.isWatched ? WATCHED_LAST_ANSWER_MS : LAST_ANSWER_MS;
      this.#demanded.put(expiry, from + Math.min(lastAnswerMs, intervalMs));
    }
  }

  #ping(connection: Connection): void {
    if (connection.canBePinged) connection.unansweredPings += 1;
    connection.pingSocket();
  }

  #silent(connection: Connection): void {
    this.counts.unanswered += connection.unansweredPings;
    connection.expiry.remove();
    connection.isSilent = true;
    this.#signs.silent(connection);
  }

  #awaitSign(connection: Connection): void {
    this.#roundOf(connection).first.put(connection.expiry, this.#time.now() + this.#silenceOf(connection));
  }

  #isAwaitingPing({ expiry: { list } }: Connection): boolean {
    return list === this.#watched.first || list === this.#unwatched.first || this.#hasOpenPing(list);
  }

  #hasOpenPing(list: ExpiryList<Connection> | undefined): boolean {
    return list === this.#watched.second || list === this.#unwatched.second;
  }

  #roundOf({ session }: Connection): Round {
    return session?.isWatched ? this.#watched : this.#unwatched;
  }

  /** How long the socket may be silent before it is pinged. */
  #silenceOf({ session }: Connection): number {
    return session?.isWatched
      ? Math.min(this.#watchedIntervalMs * WATCHED_SILENCE, this.#pingIntervalMs)
      : this.#pingIntervalMs;
  }

  #intervalOf({ session }: Connection): number {
    return session?.isWatched ? this.#watchedIntervalMs : this.#pingIntervalMs;
  }

  get #watchedIntervalMs(): number {
    return Math.min(this.#watchedPace.pingMs, this.#pingIntervalMs);
  }
}
