import type { RawData, WebSocket } from "ws";
import {
  CLOSE_CODES,
  closeName,
  type CloseName,
  type EventData,
  type EventType,
  type LastseenError,
  type RequestId,
} from "@lastseen/protocol";
import { BARE_PING, encodeErrorReply, encodeEvent } from "@lastseen/protocol/codec";
import { ExpiryEntry } from "../kernel/expiry-list.js";
import type { SessionConnection } from "../session/session-connection.js";
import type { Session } from "../session/session.js";
import type { AskPeer } from "./peer.js";
import type { RateLimit, RateVerdict } from "./rate-limit.js";

const BARE_PING_BYTES = Buffer.from(BARE_PING);
/** A client that lets so much pile up unread does not read any more. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;
/** How ws names a frame that is larger than allowed; it answers with 1009 by itself. */
const TOO_BIG = "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH";

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
  /**
   * @param text undefined for a binary frame
   * @param rate what the rate limit says to it
   */
  frame(connection: Connection, text: string | undefined, rate: RateVerdict): void;
  /** Whether the connection may go on for its session; if not, it is told and closed. */
  mayGoOn(connection: Connection, session: Session): boolean;
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
  /** Known until a session says who it is. */
  peer: AskPeer | undefined;
  lastPongMono: number | undefined = undefined;
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
  /** The code that this side closed with; what the other side then answers does not count. */
  #closeCode: number | undefined = undefined;

  constructor(socket: WebSocket, sink: FrameSink, rate: RateLimit, peer?: AskPeer) {
    this.peer = peer;
    this.#socket = socket;
    this.#sink = sink;
    this.#rate = rate;
    socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
    socket.on("pong", () => {
      this.lastPongMono = sink.now();
      sink.watch.heard(this);
    });
    socket.on("close", (code) => this.#ended(code));
    socket.on("error", (error) => this.#failed(error));
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

  /** Also the moment at which a client that says nothing is asked whether its token still holds. */
  pingSocket(): void {
    if (!this.#open || (this.session && !this.#sink.mayGoOn(this, this.session))) return;
    this.#socket.ping();
  }

  demandPong(answerMs: number): void {
    this.#sink.watch.demand(this, answerMs);
  }

  close(name: CloseName): void {
    if (!this.#open) return;
    this.#open = false;
    this.#closeCode = CLOSE_CODES[name].code;
    this.#socket.close(this.#closeCode, name);
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
    const rate = this.#rate.take(this.#sink.now());
    // ws hands over one Buffer per message as long as its binaryType is left alone.
    const bytes = data as Buffer;
    const isBarePing = !isBinary && bytes.length === BARE_PING_BYTES.length && bytes.equals(BARE_PING_BYTES);
    if (isBarePing && this.session && rate === "ok") this.#sink.heartbeat(this, this.session);
    else this.#sink.frame(this, isBinary ? undefined : bytes.toString(), rate);
  }

  /** A bad frame or a reset. The socket's close event follows, which is where it is dealt with. */
  #failed(error: Error & { code?: string }): void {
    this.#open = false;
    if (error.code === TOO_BIG) this.#closeCode ??= CLOSE_CODES.messageTooBig.code;
    this.#sink.socketFailed(this, error);
  }

  #ended(code: number): void {
    this.#open = false;
    this.#sink.ended(this, this.#closeCode ?? codeOfClient(code));
  }
}

const TEXT = { binary: false } as const;

/** How a client may end a socket by this protocol; the other codes are the service's to give. */
const CLIENT_CLOSES: ReadonlySet<CloseName> = new Set<CloseName>(["bye", "goingAway", "noStatus", "abnormal"]);

/** A client that borrows a code of the service has not been closed by it for that reason. */
function codeOfClient(code: number): number {
  const name = closeName(code);
  return name === undefined || CLIENT_CLOSES.has(name) ? code : CLOSE_CODES.abnormal.code;
}
