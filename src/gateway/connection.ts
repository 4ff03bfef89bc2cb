import {
  CLOSE_CODES,
  closeName,
  type CloseName,
  type EventData,
  type EventType,
  type LastseenError,
  type RequestId,
} from "@lastseen/protocol";
import { BARE_ALIVE, BARE_PING, encodeErrorReply, encodeEvent } from "@lastseen/protocol/codec";
import { ExpiryEntry } from "../kernel/expiry-list.js";
import type { SessionConnection } from "../session/session-connection.js";
import type { Identity, Session } from "../session/session.js";
import type { Place } from "./budget/connection-limits.js";
import type { ClientSocket, SocketReader } from "./client-socket.js";
import type { FrameSink } from "./frame-sink.js";
import type { Line } from "./line.js";
import type { Held } from "./outbox.js";
import type { Reader } from "./budget/unread-bytes.js";
import type { LineSource } from "./line-sources.js";
import type { Peer } from "./peer.js";
import type { RateLimit, RateVerdict } from "./budget/rate-limit.js";

const BARE_PING_BYTES = Buffer.from(BARE_PING);
const BARE_ALIVE_BYTES = Buffer.from(BARE_ALIVE);
/** A client with so many unread bytes no longer reads. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;
/** The error code of ws for a frame that is larger than allowed. ws itself closes the socket with 1009. */
const TOO_BIG = "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH";

/**
 * One WebSocket, or one line over a Socket.IO socket. It reads and writes frames and belongs to at most one session at a time. The
 * gateway decides what a frame means.
 */
export class Connection implements SessionConnection, SocketReader, Reader, Held {
  /** Set by a successful hello. The session may belong to another connection since then. */
  session: Session | undefined = undefined;
  /** A hello waits for something outside: an identity provider, the application, or the store. */
  isGreeting = false;
  /** Where the client comes from. Kept only until a session says who the client is. */
  peer: Peer | undefined;
  /** Its place among the sockets of its address; undefined when it was turned away. */
  readonly place: Place | undefined;
  saidHello = false;
  /** Its client lets pongs say when its next sign of life is due. */
  isPaced = false;
  /** Who the client is, when the application has said so itself. Then its hello needs no token. */
  readonly knownAs: Identity | undefined;
  lastPongMono: number | undefined = undefined;
  /** Pings that were sent since the last frame arrived. */
  unansweredPings = 0;
  /** Two pings in a row were not answered. */
  isSilent = false;
  /** The number of wrong requests in a row. */
  badRequests = 0;
  /** The last request that is not finished, and the number of such requests; see `Dispatcher`. */
  lastRequest: Promise<void> | undefined = undefined;
  pendingRequests = 0;
  readonly expiry: ExpiryEntry<Connection> = new ExpiryEntry<Connection>(this);
  /** The sockets of the same address; see {@link LineSources}. */
  readonly source: LineSource;
  readonly #socket: ClientSocket;
  readonly #line: Line;
  readonly #sink: FrameSink<Connection>;
  readonly #rate: RateLimit;
  #open = true;
  /** Pings that the client has not answered yet. */
  #pongsOwed = 0;
  /** What is written waits in the {@link Outbox}. */
  #isHeld = false;
  /** Something was unread after the last send. */
  #isBehind = false;
  /** The code that the service closed with. The code in the answer of the client does not count then. */
  #closeCode: number | undefined = undefined;

  constructor(
    socket: ClientSocket,
    sink: FrameSink<Connection>,
    rate: RateLimit,
    origin: {
      peer?: Peer | undefined;
      place: Place | undefined;
      line: Line;
      source: LineSource;
      knownAs?: Identity | undefined;
    },
  ) {
    this.knownAs = origin.knownAs;
    this.#line = origin.line;
    this.source = origin.source;
    this.peer = origin.peer;
    this.place = origin.place;
    this.#socket = socket;
    this.#sink = sink;
    this.#rate = rate;
    socket.readBy(this);
  }

  get isOpen(): boolean {
    return this.#open;
  }

  /** Sends an event, in one write with other events of the same moment. */
  send(frame: string | Buffer): void {
    this.holdBack();
    this.reply(frame);
  }

  /** What is sent from now on goes out in one write, when the process has read everything that has arrived. */
  holdBack(): void {
    if (!this.#open || this.#isHeld) return;
    this.#isHeld = true;
    this.#line.cork();
    this.#sink.outbox.hold(this);
  }

  /** Sends an answer at once, unless events wait that come before it. */
  reply(frame: string | Buffer): void {
    if (!this.#open) return;
    this.#socket.sendText(frame);
    if (this.#isHeld) this.#sink.outbox.wrote(bytesOf(frame));
    else this.#noteUnread();
  }

  release(): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#line.uncork();
    if (this.#open) this.#noteUnread();
  }

  /** Sends an answer that the session pays for; see {@link Session.replies}. */
  sendCharged(frame: string): void {
    this.session?.replies.spend(Buffer.byteLength(frame));
    this.reply(frame);
  }

  /** What this process holds for the client: ws and the socket count it together. */
  get unread(): number {
    return this.#open ? this.#socket.bufferedAmount : 0;
  }

  destroyUnread(): void {
    this.#sink.tooSlow(this);
    this.destroy("does not read what it is sent");
  }

  sendEvent<T extends EventType>(type: T, data: EventData<T>): void {
    this.send(encodeEvent(type, data));
  }

  /** Answers a request that failed. A request without an id gets an event instead. */
  sendError(id: RequestId | undefined, type: string | undefined, error: LastseenError): void {
    const wire = error.toWire();
    if (id !== undefined) {
      this.reply(encodeErrorReply(id, wire));
      return;
    }
    const { code, message, data } = wire;
    this.sendEvent("error", { code, message, ...(type === undefined ? {} : { type }), ...(data ? { data } : {}) });
  }

  /** Whether the client answers pings of the socket, whatever its page does. */
  get canBePinged(): boolean {
    return this.#socket.canPing !== false;
  }

  /** Pings the client. Also the moment at which the token of a silent client is checked. */
  pingSocket(): void {
    if (!this.#open || (this.session && !this.#sink.mayGoOn(this, this.session))) return;
    if (!this.canBePinged) return;
    this.#pongsOwed += 1;
    this.#socket.ping();
  }

  paceChanged(): void {
    this.#sink.watch.paceChanged(this);
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

  /** Ends the socket without a closing handshake, because the client does not answer. */
  destroy(why: string): void {
    this.#sink.log.debug({ sessionId: this.session?.id, why }, "socket destroyed");
    this.release();
    this.#open = false;
    this.#socket.terminate();
  }

  /** A frame has arrived. */
  received(bytes: Buffer, isBinary: boolean): void {
    const verdict = this.#rate.take(this.#sink.now(), bytes.length);
    if (!this.#open) {
      this.#dropIfFlooding(verdict);
      return;
    }
    this.#sink.counters.messagesReceived += 1;
    this.#sink.watch.spoke(this);
    try {
      if (verdict !== "ok") this.#sink.overRate(this, isBinary ? undefined : bytes, verdict);
      else if (this.session && isText(BARE_PING_BYTES, bytes, isBinary)) this.#sink.heartbeat(this, this.session);
      else if (this.session && isText(BARE_ALIVE_BYTES, bytes, isBinary)) this.#sink.alive(this, this.session);
      else this.#sink.frame(this, isBinary ? undefined : bytes);
    } catch (error) {
      // Outside of a request nobody would catch it, and the process would end.
      this.#sink.failed(this, error);
    }
  }

  /** A ping frame costs an answer, so it counts like a message. One over the rate is not answered. */
  pinged(data: Buffer): void {
    if (this.#admitControlFrame(data)) this.#socket.pong(data);
  }

  /** A pong that answers a ping is free. Nobody has asked for any other, so it counts like a message. */
  ponged(data: Buffer): void {
    if (this.#pongsOwed > 0) this.#pongsOwed -= 1;
    else if (!this.#admitControlFrame(data)) return;
    this.lastPongMono = this.#sink.now();
    this.#sink.watch.heard(this);
  }

  /** A bad frame or a reset. The close event of the socket follows and does the rest. */
  failed(error: Error & { code?: string }): void {
    this.#open = false;
    if (error.code === TOO_BIG) this.#closeCode ??= CLOSE_CODES.messageTooBig.code;
    this.#sink.socketFailed(this, error);
  }

  /** The socket has ended. */
  ended(code: number): void {
    const isTold = this.#closeCode !== undefined || code !== CLOSE_CODES.abnormal.code;
    const byFin = this.#open && !isTold && this.#line.readableEnded && !this.#line.errored;
    this.#open = false;
    this.#sink.ended(this, this.#closeCode ?? codeOfClient(code), byFin);
  }

  #noteUnread(): void {
    const { bufferedAmount } = this.#socket;
    if (bufferedAmount === 0 && !this.#isBehind) return;
    this.#isBehind = bufferedAmount > 0;
    if (bufferedAmount > MAX_BUFFERED_BYTES) this.destroyUnread();
    this.#sink.behind(this, this.unread);
  }

  #admitControlFrame(data: Buffer): boolean {
    const verdict = this.#rate.take(this.#sink.now(), data.length);
    if (!this.#open) this.#dropIfFlooding(verdict);
    else if (verdict === "cut" || verdict === "drop") this.#sink.cutOff(this);
    else return verdict === "ok";
    return false;
  }

  /** The socket is closing, and the client may still send what it had begun. A flood must not be read to its end. */
  #dropIfFlooding(verdict: RateVerdict): void {
    if (verdict === "drop") this.#socket.terminate();
  }
}

/** @param frame a text only where it is for this connection alone: what goes to many, and most pongs, are bytes already */
function bytesOf(frame: string | Buffer): number {
  return typeof frame === "string" ? Buffer.byteLength(frame) : frame.length;
}

function isText(expected: Buffer, bytes: Buffer, isBinary: boolean): boolean {
  return !isBinary && bytes.length === expected.length && bytes.equals(expected);
}

/** The closes that a client may choose. Only the service may use the other codes. */
const CLIENT_CLOSES: ReadonlySet<CloseName> = new Set<CloseName>(["bye", "goingAway", "noStatus", "abnormal"]);

/** A client that uses one of the service's codes was not closed by the service, so the code counts as an abnormal end. */
function codeOfClient(code: number): number {
  const name = closeName(code);
  return name === undefined || CLIENT_CLOSES.has(name) ? code : CLOSE_CODES.abnormal.code;
}
