/**
 * Takes the frames of all connections. The gateway checks the rate, decodes the frame, and then answers it (heartbeat), gives
 * it to the hello handler, or dispatches it to the handler of its type. A valid frame is first of all a sign of life.
 */
import type { Clock } from "../kernel/clock.js";
import { encodeReply, parse, validate, type AnyRequest, type ParsedFrame } from "@lastseen/protocol/codec";
import { CLOSE_CODES, LastseenError, LIMITS } from "@lastseen/protocol";
import type { Liveness } from "../session/liveness.js";
import type { Identity, Session } from "../session/session.js";
import type { Sessions } from "../session/sessions.js";
import type { ClientSocket } from "./client-socket.js";
import { Connection } from "./connection.js";
import { GatewayCounters } from "./counters.js";
import { Dispatcher } from "./dispatcher.js";
import type { FrameSink } from "./frame-sink.js";
import type { Handlers } from "./handlers/handler.js";
import type { Hello } from "./handlers/hello.js";
import type { RefusalReason, Refusals } from "../kernel/refusals.js";
import { ConnectionLimits } from "./budget/connection-limits.js";
import { UnreadBytes } from "./budget/unread-bytes.js";
import type { GatewayLog } from "./gateway-log.js";
import type { Line } from "./line.js";
import { Greetings } from "./greetings.js";
import { Heartbeats } from "./heartbeats.js";
import { LineSources } from "./line-sources.js";
import { OpenConnections } from "./open-connections.js";
import { Outbox } from "./outbox.js";
import type { Peer } from "./peer.js";
import { refusalFor } from "./refusal-for.js";
import { RefusedRequests } from "./refused-requests.js";
import type { Beats } from "./beats.js";
import { RateLimit, rateLimited, type RateVerdict } from "./budget/rate-limit.js";
import type { SocketWatch } from "./socket-watch.js";

/** So many sockets that were turned away may wait for the closing handshake. Further ones end at once. */
const MOST_TURNED_AWAY = 256;
/** A refusal that no request asked for. */
const NOBODYS_REQUEST = { id: undefined, type: undefined };
const TOO_LARGE_FOR_HELLO = `A frame before hello may have ${LIMITS.helloBytes} bytes.`;

export class Gateway implements FrameSink<Connection> {
  readonly log: GatewayLog;
  readonly watch: SocketWatch;
  readonly counters = new GatewayCounters();
  readonly outbox: Outbox;
  readonly #clock: Clock;
  readonly #sessions: Sessions;
  readonly #liveness: Liveness;
  readonly #greetings: Greetings;
  readonly #dispatcher: Dispatcher;
  readonly #refused: RefusedRequests;
  /** What clients have not read yet. */
  readonly unread: UnreadBytes;
  readonly #messagesPerSecond: number;
  readonly #places: ConnectionLimits;
  readonly #refusals: Refusals;
  /** Sockets that were turned away and have not ended yet. They use no place. */
  #turnedAway = 0;
  readonly #heartbeats: Heartbeats;
  readonly #sources = new LineSources();
  readonly #connections: OpenConnections;

  constructor(options: {
    log: GatewayLog;
    clock: Clock;
    /** From 0 to 1. */
    random: () => number;
    watch: SocketWatch;
    sessions: Sessions;
    liveness: Liveness;
    hello: Hello;
    beats: Pick<Beats, "termsFor">;
    handlers: Handlers;
    limits: { messagesPerSecond: number; connections: number; connectionsPerAddress: number; bufferedBytes: number };
    refusals: Refusals;
    /** Told the time between a session's last sign of life and its heartbeat. */
    heartbeatGap: (gapMs: number) => void;
  }) {
    this.log = options.log;
    this.watch = options.watch;
    this.#clock = options.clock;
    this.outbox = new Outbox(() => options.clock.pollPhase());
    this.#refused = new RefusedRequests({ log: options.log, now: () => this.now(), counters: this.counters });
    this.#connections = new OpenConnections(options);
    this.#sessions = options.sessions;
    this.#liveness = options.liveness;
    this.#dispatcher = new Dispatcher({
      handlers: options.handlers,
      now: () => this.now(),
      failed: (connection, request, error) => this.#refused.fail(connection, request, error),
    });
    const { messagesPerSecond, connections, connectionsPerAddress, bufferedBytes } = options.limits;
    this.#messagesPerSecond = messagesPerSecond;
    this.#places = new ConnectionLimits({ connections, perAddress: connectionsPerAddress });
    this.#greetings = new Greetings({
      hello: options.hello,
      places: this.#places,
      watch: options.watch,
      failed: (connection, request, error) => this.#requestFailed(connection, request, error),
    });
    this.unread = new UnreadBytes(bufferedBytes);
    this.#refusals = options.refusals;
    const { log, clock, liveness, beats, heartbeatGap: gap } = options;
    this.#heartbeats = new Heartbeats({ log, clock, liveness, beats, counters: this.counters, gap });
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Whole milliseconds: each connection keeps some of these times, and whole numbers need no memory of their own. */
  now(): number {
    return Math.floor(this.#clock.mono());
  }

  /**
   * Takes a new socket. Its listeners are attached before any frame can arrive.
   *
   * @param line the TCP connection under it
   * @param knownAs who the client is, when the application has said so itself
   */
  accept(socket: ClientSocket, peer: Peer, line: Line, knownAs?: Identity): void {
    const place = this.#places.enter(peer.address);
    const rate = new RateLimit(this.#messagesPerSecond, this.now());
    const isWelcome = typeof place === "object";
    const connection = new Connection(socket, this, rate, {
      peer,
      place: isWelcome ? place : undefined,
      line,
      source: this.#sources.enter(line.remoteAddress ?? ""),
      knownAs,
    });
    this.#connections.add(connection);
    this.watch.opened(connection);
    if (!isWelcome) this.#turnAway(connection, peer, place);
    else if (this.#connections.isClosing) connection.close("serviceRestart");
  }

  heartbeat(connection: Connection, session: Session): void {
    const refusal = this.#heartbeats.answer(connection, session);
    if (refusal) this.#stop(connection, refusal);
  }

  alive(connection: Connection, session: Session): void {
    const refusal = this.#heartbeats.note(connection, session);
    if (refusal) this.#stop(connection, refusal);
  }

  frame(connection: Connection, bytes: Buffer | undefined): void {
    if (!connection.session && bytes && bytes.length > LIMITS.helloBytes) {
      const envelope = this.#refused.unread(connection, bytes);
      if (envelope) this.#refused.invalid(connection, envelope, new LastseenError("bad_message", TOO_LARGE_FOR_HELLO));
      return;
    }
    const frame = bytes && parse(bytes.toString());
    if (frame?.kind === "frame") this.#parsed(connection, frame);
    else if (frame?.kind === "invalid") this.#refused.invalid(connection, frame, frame.error);
    else this.#refused.garbage(connection);
  }

  overRate(connection: Connection, bytes: Buffer | undefined, verdict: Exclude<RateVerdict, "ok">): void {
    const envelope = this.#refused.unread(connection, bytes);
    if (!envelope) return;
    this.#refused.fail(connection, envelope, rateLimited());
    if (verdict !== "refuse") this.cutOff(connection);
  }

  failed(connection: Connection, error: unknown): void {
    this.#refused.fail(connection, NOBODYS_REQUEST, error);
  }

  cutOff(connection: Connection): void {
    this.#refusals.count("rate", connection.place?.key, { sessionId: connection.session?.id });
    connection.close("rateLimited");
  }

  mayGoOn(connection: Connection, session: Session): boolean {
    if (session.isTabBefore(connection)) return true;
    const refusal = refusalFor(connection, session, this.#clock);
    if (refusal) this.#stop(connection, refusal);
    return refusal === undefined;
  }

  socketFailed(connection: Connection, error: Error): void {
    this.log.debug({ sessionId: connection.session?.id, error: error.message }, "socket error");
  }

  behind(connection: Connection, bytes: number): void {
    this.unread.note(connection, bytes);
  }

  tooSlow(connection: Connection): void {
    this.#refusals.count("unread", connection.place?.key, { sessionId: connection.session?.id });
  }

  ended(connection: Connection, code: number, byFin: boolean): void {
    this.unread.forget(connection);
    if (connection.place) this.#places.leave(connection.place, connection.saidHello);
    else this.#turnedAway -= 1;
    this.watch.closed(connection);
    // A silent socket has broken, with whatever code the service has closed it in the end.
    this.counters.close(connection.isSilent ? CLOSE_CODES.abnormal.code : code);
    this.#sources.leave(connection.source);
    if (connection.session) this.#detach(connection, connection.session, code, byFin);
    this.#connections.remove(connection);
  }

  /** See {@link OpenConnections.close}. */
  close(spreadMs: number): Promise<void> {
    this.#sessions.finishTabChanges();
    return this.#connections.close(spreadMs);
  }

  /** A killed client and a proxy that died end their connections alike. Only the number of ends tells them apart. */
  #detach(connection: Connection, session: Session, code: number, byFin: boolean): void {
    const end = this.#sessions.detach(session, connection, code, byFin);
    if (byFin && end) {
      const wasProxy = (): void => this.#liveness.endExplained(session, end, "connection_lost");
      connection.source.endedAbruptly(this.now(), wasProxy);
    } else if (code === CLOSE_CODES.abnormal.code) {
      connection.source.endedAbruptly(this.now());
    }
  }

  /** A frame of a client that has not said hello is only looked into when it says hello. */
  #parsed(connection: Connection, frame: ParsedFrame): void {
    if (!connection.session && frame.type !== "hello") {
      this.#refused.invalid(connection, frame, new LastseenError("unauthorized", "Say hello first."));
      return;
    }
    const decoded = validate(frame);
    if (decoded.kind === "request") this.#request(connection, decoded.request);
    else this.#refused.invalid(connection, decoded, decoded.error);
  }

  /** Somebody who was turned away is told why, unless so many are told already that their sockets would be too many. */
  #turnAway(connection: Connection, peer: Peer, why: RefusalReason): void {
    this.#refusals.count(why, peer.address, peer.forwardedFor === undefined ? {} : { forwardedFor: peer.forwardedFor });
    this.#turnedAway += 1;
    connection.close("overloaded");
    if (this.#turnedAway > MOST_TURNED_AWAY) connection.destroy("turned away");
  }

  #request(connection: Connection, request: AnyRequest): void {
    try {
      const { session } = connection;
      if (request.type === "hello") this.#greetings.say(connection, request);
      else if (session) this.#act(connection, session, request);
    } catch (error) {
      this.#requestFailed(connection, request, error);
    }
  }

  #requestFailed(connection: Connection, request: AnyRequest, error: unknown): void {
    this.#refused.fail(connection, request, error);
    if (!(error instanceof LastseenError)) return;
    // A token that was refused or has expired stays wrong.
    if (error.code === "unauthorized") connection.close("unauthorized");
    else if (error.code === "blocked") connection.close("kicked");
  }

  #act(connection: Connection, session: Session, request: Exclude<AnyRequest, { type: "hello" }>): void {
    connection.badRequests = 0;
    const refusal = this.#refusal(connection, session, request);
    if (refusal) throw refusal;
    if (request.type !== "ping" && request.type !== "alive") {
      this.#heartbeats.heard(session);
      this.#dispatcher.dispatch(connection, request);
    } else if (request.id !== undefined) {
      connection.reply(encodeReply(request.id, {}));
    }
  }

  /** Why the connection may not send this request for its session. A ping or a sign of life is taken in if it may. */
  #refusal(connection: Connection, session: Session, request: AnyRequest): LastseenError | undefined {
    if (request.type === "ping") return this.#heartbeats.answer(connection, session, request.data.visibility);
    if (request.type === "alive") return this.#heartbeats.note(connection, session);
    return refusalFor(connection, session, this.#clock);
  }

  /** The connection may not go on for its session. A token that has expired stays wrong, so its socket is closed. */
  #stop(connection: Connection, refusal: LastseenError): void {
    this.#refused.fail(connection, NOBODYS_REQUEST, refusal);
    if (refusal.code === "unauthorized") connection.close("unauthorized");
  }
}
