import { ExpiryList } from "../kernel/expiry-list.js";
import type { VirtualTime } from "../kernel/virtual-time.js";
import type { Connection } from "./connection.js";

/** Two pings without an answer end the socket. */
const MISSED_PONGS = 2;
/**
 * How long the second one is waited for; the first has had a whole interval by then. Not shorter: a client whose line has
 * died without a word finds out 40 s after its last pong, and has to find its session still here.
 */
const LAST_ANSWER_MS = 8_000;

/**
 * Deadlines of sockets: saying hello in time, answering WebSocket pings. Kept in expiry lists of virtual time like those
 * of the sessions, so that a pause of the process ends nobody.
 */
export class SocketWatch {
  readonly #time: VirtualTime;
  readonly #helloTimeoutMs: number;
  readonly #pingIntervalMs: number;
  readonly #awaitingHello = new ExpiryList<Connection>();
  readonly #awaitingPing = new ExpiryList<Connection>();
  readonly #demanded = new ExpiryList<Connection>();

  constructor(options: { time: VirtualTime; helloTimeoutMs: number; pingIntervalMs: number }) {
    this.#time = options.time;
    this.#helloTimeoutMs = options.helloTimeoutMs;
    this.#pingIntervalMs = options.pingIntervalMs;
  }

  opened(connection: Connection): void {
    this.#awaitingHello.put(connection.expiry, this.#time.now() + this.#helloTimeoutMs);
  }

  saidHello(connection: Connection): void {
    this.#awaitingPing.put(connection.expiry, this.#time.now() + this.#pingIntervalMs);
  }

  /** Anything at all arrived: the socket is alive. */
  heard(connection: Connection): void {
    connection.unansweredPings = 0;
    if (connection.expiry.list === this.#demanded) this.saidHello(connection);
  }

  /** Pings at once and ends the socket unless something arrives within `answerMs`. */
  demand(connection: Connection, answerMs: number): void {
    if (connection.expiry.list !== this.#awaitingPing) return;
    connection.pingSocket();
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
    for (const connection of this.#demanded.due(now)) {
      const missed = connection.unansweredPings >= MISSED_PONGS;
      connection.destroy(missed ? "two pongs missed" : "no pong after media was lost");
    }
    for (const connection of this.#awaitingPing.due(now)) {
      connection.unansweredPings += 1;
      connection.pingSocket();
      if (connection.unansweredPings < MISSED_PONGS)
        this.#awaitingPing.put(connection.expiry, now + this.#pingIntervalMs);
      else this.#demanded.put(connection.expiry, now + Math.min(LAST_ANSWER_MS, this.#pingIntervalMs));
    }
  }
}
