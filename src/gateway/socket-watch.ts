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

  /** The session of the connection is watched now, or not any more. That puts off no ping. */
  paceChanged(connection: Connection): void {
    const { list, dueAt } = connection.expiry;
    if (list !== this.#awaitingPing && list !== this.#awaitingWatchedPing) return;
    const next = this.#time.now() + this.#intervalOf(connection);
    this.#listOf(connection).put(connection.expiry, Math.min(dueAt, next));
  }

  /** Pings now. Unless a frame arrives within `answerMs`, the socket is silent. */
  demand(connection: Connection, answerMs: number): void {
    const { list } = connection.expiry;
    if (list !== this.#awaitingPing && list !== this.#awaitingWatchedPing) return;
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
    for (const connection of this.#awaitingWatchedPing.due(now))
      this.#pingRegularly(connection, WATCHED_LAST_ANSWER_MS);
    for (const connection of this.#awaitingPing.due(now)) this.#pingRegularly(connection, LAST_ANSWER_MS);
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
    connection.unansweredPings += 1;
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

  #listOf({ session }: Connection): ExpiryList<Connection> {
    return session?.isWatched ? this.#awaitingWatchedPing : this.#awaitingPing;
  }

  #intervalOf(connection: Connection): number {
    return connection.session?.isWatched
      ? Math.min(this.#watchedPace.pingMs, this.#pingIntervalMs)
      : this.#pingIntervalMs;
  }
}
