import { ExpiryList } from "../kernel/expiry-list.js";
import type { VirtualTime } from "../kernel/virtual-time.js";
import type { Connection } from "./connection.js";

/** So many pings without an answer end the socket. */
const MISSED_PONGS = 2;
/**
 * How long the service waits for the second pong, milliseconds. The first ping has had a whole interval by then. Not shorter:
 * a client whose connection was cut silently notices that 40 s after its last pong, and must then still find its session.
 */
const LAST_ANSWER_MS = 8_000;

/**
 * The deadlines of sockets: a client must say hello in time and answer WebSocket pings. They are kept in expiry lists of
 * virtual time, as the deadlines of sessions are, so that a stall of the process closes no socket.
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

  /** A frame of any kind arrived, so the socket is alive. */
  heard(connection: Connection): void {
    connection.unansweredPings = 0;
    if (connection.expiry.list === this.#demanded) this.saidHello(connection);
  }

  /** Pings now, and ends the socket unless a frame arrives within `answerMs`. */
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
