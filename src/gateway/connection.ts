import type { RawData, WebSocket } from "ws";
import { CLOSE_CODES, type CloseName } from "../protocol/close-codes.js";
import { BARE_PING, encodeErrorReply, encodeEvent } from "../protocol/codec.js";
import type { LastseenError } from "../protocol/errors.js";
import type { EventData, EventType, RequestId } from "../protocol/messages/index.js";
import { ExpiryEntry } from "../session/expiry-list.js";
import type { SessionConnection } from "../session/ports.js";
import type { Session } from "../session/session.js";
import type { RateLimit } from "./rate-limit.js";

const BARE_PING_BYTES = Buffer.from(BARE_PING);
/** A client that lets so much pile up unread does not read any more. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;

/** Where a connection brings what it reads, and whom it asks. */
export interface FrameSink {
  readonly log: { debug(fields: object, message: string): void };
  readonly counters: { messagesReceived: number };
  readonly watch: {
    heard(connection: Connection): void;
    demand(connection: Connection, answerMs: number): void;
  };
  /** Monotonic milliseconds. */
  now(): number;
  /** A heartbeat of a connection that has a session. */
  heartbeat(connection: Connection, session: Session): void;
  /** @param text undefined for a binary frame */
  frame(connection: Connection, text: string | undefined): void;
  overRate(connection: Connection, verdict: "refuse" | "cut"): void;
  socketFailed(connection: Connection, error: Error): void;
  ended(connection: Connection, closeCode: number): void;
}

/**
 * One WebSocket: reads frames, writes frames, and belongs to at most one session at a time. What a frame means is the
 * gateway's business.
 */
export class Connection implements SessionConnection {
  /** Set by a successful hello; the session may meanwhile belong to another connection. */
  session: Session | undefined = undefined;
  /** Pings sent since anything last arrived. */
  unansweredPings = 0;
  /** Wrong requests in a row. */
  badRequests = 0;
  /** The last request under way, and how many there are; see `Dispatcher`. */
  lastRequest: Promise<void> | undefined = undefined;
  pendingRequests = 0;
  readonly expiry: ExpiryEntry<Connection> = new ExpiryEntry<Connection>(this);
  readonly #socket: WebSocket;
  readonly #sink: FrameSink;
  readonly #rate: RateLimit;
  #open = true;

  constructor(socket: WebSocket, sink: FrameSink, rate: RateLimit) {
    this.#socket = socket;
    this.#sink = sink;
    this.#rate = rate;
    socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
    socket.on("pong", () => sink.watch.heard(this));
    socket.on("close", (code) => this.#ended(code));
    // Errors of a socket (bad frames, resets) are followed by its close event, which is where they are dealt with.
    socket.on("error", (error) => sink.socketFailed(this, error));
  }

  get isOpen(): boolean {
    return this.#open;
  }

  send(frame: string | Buffer): void {
    if (!this.#open) return;
    if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) {
      this.destroy("does not read what it is sent");
      return;
    }
    this.#socket.send(frame, TEXT);
  }

  sendEvent<T extends EventType>(type: T, data: EventData<T>): void {
    this.send(encodeEvent(type, data));
  }

  /** Answers a request that failed; without an id to answer to, the failure is told as an event. */
  sendError(id: RequestId | undefined, type: string | undefined, error: LastseenError): void {
    const wire = error.toWire();
    if (id !== undefined) {
      this.send(encodeErrorReply(id, wire));
      return;
    }
    const { code, message, data } = wire;
    this.sendEvent("error", { code, message, ...(type === undefined ? {} : { type }), ...(data ? { data } : {}) });
  }

  pingSocket(): void {
    if (this.#open) this.#socket.ping();
  }

  demandPong(answerMs: number): void {
    this.#sink.watch.demand(this, answerMs);
  }

  close(name: CloseName): void {
    if (!this.#open) return;
    this.#open = false;
    this.#socket.close(CLOSE_CODES[name].code, name);
  }

  /** Ends the socket without a closing handshake: the other side does not answer. */
  destroy(why: string): void {
    this.#sink.log.debug({ sessionId: this.session?.id, why }, "socket destroyed");
    this.#open = false;
    this.#socket.terminate();
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (!this.#open) return;
    this.#sink.counters.messagesReceived += 1;
    this.#sink.watch.heard(this);
    const verdict = this.#rate.take(this.#sink.now());
    if (verdict !== "ok") {
      this.#sink.overRate(this, verdict);
      return;
    }
    // ws hands over one Buffer per message as long as its binaryType is left alone.
    const bytes = data as Buffer;
    if (!isBinary && bytes.length === BARE_PING_BYTES.length && bytes.equals(BARE_PING_BYTES) && this.session) {
      this.#sink.heartbeat(this, this.session);
    } else {
      this.#sink.frame(this, isBinary ? undefined : bytes.toString());
    }
  }

  #ended(code: number): void {
    this.#open = false;
    this.#sink.ended(this, code);
  }
}

const TEXT = { binary: false } as const;
