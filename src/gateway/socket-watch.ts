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
 * The same for a watched socket. Short, so that others see early that somebody is away; but a change from Wi-Fi to a mobile
 * network, which takes up to 4 s, must be over before.
 */
const WATCHED_LAST_ANSWER_MS = 2_000;
/** A message puts the next ping off by so much at least, or not at all, milliseconds. */
const LEAST_DELAY_MS = 250;
/**
 * When a socket is due, those that fall due within this share of the interval are pinged with it. A ping with its answer costs
 * about half when many go out at the same moment, because the process then reads many answers each time it wakes up.
 */
const EARLY_SHARE = 0.25;
/** No more pings than this go out in one pass before they are due. */
const MOST_EARLY = 500;

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
  readonly #awaitingPing = new ExpiryList<Connection>();
  readonly #awaitingWatchedPing = new ExpiryList<Connection>();
  readonly #demanded = new ExpiryList<Connection>();
  readonly counts: Answers = { answered: 0, unanswered: 0 };

  constructor(options: {
    time: VirtualTime;
    helloTimeoutMs: number;
    /** Between two pings of a socket whose session is not watched. */
    pingIntervalMs: number;
    /** The same for watched sessions; it changes with their number. */
    watchedPace: { readonly pingMs: number };
    signs: SocketSigns;
  }) {
    this.#time = options.time;
    this.#helloTimeoutMs = options.helloTimeoutMs;
    this.#pingIntervalMs = options.pingIntervalMs;
    this.#watchedPace = options.watchedPace;
    this.#signs = options.signs;
  }

  opened(connection: Connection): void {
    this.#awaitingHello.put(connection.expiry, this.#time.now() + this.#helloTimeoutMs);
  }

  saidHello(connection: Connection): void {
    this.#awaitNextPing(connection);
  }

  /** A frame of any kind arrived, so the socket is alive. */
  heard(connection: Connection): void {
    if (connection.unansweredPings === 0) return;
    this.counts.answered += connection.unansweredPings;
    connection.unansweredPings = 0;
    if (connection.isSilent) {
      connection.isSilent = false;
      this.#awaitNextPing(connection);
      this.#signs.answers(connection);
    } else if (connection.expiry.list === this.#demanded) {
      this.#awaitNextPing(connection);
    }
  }

  /**
   * A message arrived. It proves as much as the answer to a ping, so the next ping is due an interval later. Not so a frame of any
   * kind: a client that sends pongs without being asked must still be pinged.
   */
  spoke(connection: Connection): void {
    this.heard(connection);
    if (!this.#isAwaitingPing(connection)) return;
    const next = this.#time.now() + this.#intervalOf(connection);
    // Many messages in a short time move the entry once.
    if (next - connection.expiry.dueAt >= LEAST_DELAY_MS) this.#listOf(connection).put(connection.expiry, next);
  }

  /** The session of the connection is watched now, or not any more. That puts off no ping. */
  paceChanged(connection: Connection): void {
    if (!this.#isAwaitingPing(connection)) return;
    const { dueAt } = connection.expiry;
    const next = this.#time.now() + this.#intervalOf(connection);
    this.#listOf(connection).put(connection.expiry, Math.min(dueAt, next));
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
    for (const connection of this.#dueTogether(this.#awaitingWatchedPing)) {
      this.#pingRegularly(connection, WATCHED_LAST_ANSWER_MS);
    }
    for (const connection of this.#dueTogether(this.#awaitingPing)) this.#pingRegularly(connection, LAST_ANSWER_MS);
  }

  /** The sockets that are due for a ping, and with them those that fall due soon. */
  #dueTogether(list: ExpiryList<Connection>): Connection[] {
    const now = this.#time.now();
    if (list.nextDueAt === undefined || list.nextDueAt > now) return [];
    const intervalMs = list === this.#awaitingWatchedPing ? this.#watchedIntervalMs : this.#pingIntervalMs;
    const entries = list.dueEntries(now + intervalMs * EARLY_SHARE);
    const early = entries.findIndex(({ dueAt }) => dueAt > now);
    return entries.slice(0, early < 0 ? entries.length : early + MOST_EARLY).map(({ item }) => item);
  }

  #pingRegularly(connection: Connection, lastAnswerMs: number): void {
    if (!connection.isOpen) {
      connection.expiry.remove();
      return;
    }
    this.#ping(connection);
    if (connection.unansweredPings < MISSED_PONGS) this.#awaitNextPing(connection);
    else this.#demanded.put(connection.expiry, this.#time.now() + Math.min(lastAnswerMs, this.#intervalOf(connection)));
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

  #awaitNextPing(connection: Connection): void {
    this.#listOf(connection).put(connection.expiry, this.#time.now() + this.#intervalOf(connection));
  }

  #isAwaitingPing({ expiry: { list } }: Connection): boolean {
    return list === this.#awaitingPing || list === this.#awaitingWatchedPing;
  }

  #listOf({ session }: Connection): ExpiryList<Connection> {
    return session?.isWatched ? this.#awaitingWatchedPing : this.#awaitingPing;
  }

  #intervalOf({ session }: Connection): number {
    return session?.isWatched ? this.#watchedIntervalMs : this.#pingIntervalMs;
  }

  get #watchedIntervalMs(): number {
    return Math.min(this.#watchedPace.pingMs, this.#pingIntervalMs);
  }
}
