import { randomUUID } from "node:crypto";
import type { Gateway } from "../gateway/gateway.js";
import { addressBehind, peerOf } from "../gateway/peer.js";
import {
  CLOSE_CODES,
  LastseenError,
  LIMITS,
  toWireError,
  type JsonObject,
  type RequestType,
  type WireError,
} from "@lastseen/protocol";
import type { Identity } from "../session/session.js";
import { closeCodeOf } from "./ends.js";
import { CLOSE_EVENT, FRAME_EVENT, type MappedEvents } from "./event-names.js";
import { SocketIoLine } from "./socket-io-line.js";
import { rawWebSocketOf, type RawWebSocket, type SocketIoSocket } from "./socket-io.js";

/** The answer to a request, as the client of an application gets it with an acknowledgement. */
export type Answer = { ok: true; data: JsonObject } | { ok: false; error: WireError };

/** What all clients of one Socket.IO server share. */
export interface Surroundings {
  readonly gateway: Pick<Gateway, "accept">;
  readonly isProxy: (address: string) => boolean;
  readonly events: MappedEvents;
}

/**
 * One Socket.IO socket and its line to the gateway.
 *
 *     lastseen event, or an event of the application -> frame -> SocketIoLine -> Connection -> Gateway
 *     lastseen event, events of the application, acknowledgement <- frame <- SocketIoLine <-'
 *
 * The line begins with the first frame. When the service closes it, the Socket.IO socket stays, and the next frame begins a new line.
 */
export class ClientOfSocket {
  readonly #socket: SocketIoSocket;
  readonly #around: Surroundings;
  readonly #answers = new Map<string, (answer: Answer) => void>();
  #line: SocketIoLine | undefined;
  #followed: RawWebSocket | undefined;
  /** The close code of the WebSocket under the socket, when that has ended. */
  #rawCode: number | undefined;
  /** The client has sent a frame, so it reads frames too. */
  #readsFrames = false;

  constructor(socket: SocketIoSocket, around: Surroundings) {
    this.#socket = socket;
    this.#around = around;
    socket.on(FRAME_EVENT, (frame) => {
      this.#readsFrames = true;
      this.#lineFor(undefined).receive(frame);
    });
    socket.on(CLOSE_EVENT, (end) => this.#closedByClient(end));
    for (const [name, type] of around.events.requests) {
      socket.on(name, (...args) => this.#mapped(type, args));
    }
    socket.on("disconnect", (reason) => {
      this.#end(closeCodeOf(String(reason), this.#rawCode));
      this.#unfollowConnection();
    });
    socket.conn.on("heartbeat", this.#heartbeat);
    socket.conn.on("upgrade", this.#followTransport);
    this.#followTransport();
  }

  /**
   * Sends a request for the client. With `knownAs` it begins a line on which the client is this user.
   *
   * @throws LastseenError the refusal, or `fenced` when the socket ends first
   */
  async request(type: RequestType, data: JsonObject, knownAs?: Identity): Promise<JsonObject> {
    // A line that begins now would not end with the socket.
    if (!this.#socket.connected) throw endedFirst();
    if (knownAs) this.#line?.close(CLOSE_CODES.bye.code, "bye");
    const line = this.#lineFor(knownAs);
    const answer = await new Promise<Answer>((resolve) => line.receive({ id: this.#expect(resolve), type, data }));
    if (answer.ok) return answer.data;
    throw new LastseenError(answer.error.code, answer.error.message);
  }

  #lineFor(knownAs: Identity | undefined): SocketIoLine {
    if (this.#line) return this.#line;
    const { gateway, isProxy } = this.#around;
    const { address, headers } = this.#socket.handshake;
    const line = new SocketIoLine(this.#socket, {
      frame: (frame) => this.#send(frame),
      closed: (code, reason) => {
        this.#forgetLine(line);
        this.#socket.emit(CLOSE_EVENT, { code, reason });
      },
    });
    this.#line = line;
    gateway.accept(line, peerOf(addressBehind(address, headers, isProxy), headers), line, knownAs);
    return line;
  }

  /** An event of the application that means a request. Without a line it means nothing to Lastseen, except a hello. */
  #mapped(type: RequestType, args: readonly unknown[]): void {
    if (!this.#line && type !== "hello") return;
    const last = args.at(-1);
    const acknowledge = typeof last === "function" ? (last as (answer: Answer) => void) : undefined;
    const [data] = args;
    this.#lineFor(undefined).receive({
      ...(acknowledge ? { id: this.#expect((answer) => acknowledge(answer)) } : {}),
      type,
      ...(typeof data === "object" && data !== null ? { data } : {}),
    });
  }

  /** @returns the id that the request must have */
  #expect(answered: (answer: Answer) => void): string {
    // The gateway refuses so many at once; this only bounds what waits here.
    if (this.#answers.size > LIMITS.pendingRequests) this.#forget(this.#answers.keys().next().value ?? "", ended());
    // Nobody guesses it, so no answer to a frame of the client is taken for the answer to this one.
    const id = randomUUID();
    this.#answers.set(id, answered);
    return id;
  }

  #forget(id: string, answer: Answer): void {
    const answered = this.#answers.get(id);
    this.#answers.delete(id);
    answered?.(answer);
  }

  #send(frame: JsonObject): void {
    const { id, type, data, v } = frame;
    if (typeof id === "string" && this.#answers.has(id)) {
      this.#forget(id, frame as unknown as Answer);
      return;
    }
    if (this.#readsFrames) this.#socket.emit(FRAME_EVENT, frame);
    const name = typeof type === "string" ? this.#around.events.sent.get(type) : undefined;
    if (name !== undefined) this.#socket.emit(name, data ?? (v === undefined ? {} : { v }));
  }

  #closedByClient(end: unknown): void {
    const { code } = Object(end) as { code?: unknown };
    this.#end(typeof code === "number" ? code : CLOSE_CODES.noStatus.code);
  }

  #end(code: number): void {
    const line = this.#line;
    if (!line) return;
    this.#forgetLine(line);
    line.ended(code);
  }

  #forgetLine(line: SocketIoLine): void {
    if (this.#line !== line) return;
    this.#line = undefined;
    for (const id of this.#answers.keys()) this.#forget(id, ended());
  }

  readonly #heartbeat = (): void => this.#line?.heartbeat();

  readonly #rawClosed = (code: number): void => {
    this.#rawCode = code;
  };

  /** The connection may have become a WebSocket since it began. */
  readonly #followTransport = (): void => {
    const raw = rawWebSocketOf(this.#socket.conn);
    if (!raw || raw === this.#followed) return;
    this.#followed = raw;
    raw.on("pong", this.#heartbeat);
    // Before Socket.IO's own listener, which tells of the end without the code.
    raw.prependListener("close", this.#rawClosed);
  };

  /** A client can open and close many sockets over one connection. */
  #unfollowConnection(): void {
    const { conn } = this.#socket;
    conn.off("heartbeat", this.#heartbeat);
    conn.off("upgrade", this.#followTransport);
    this.#followed?.off("pong", this.#heartbeat);
    this.#followed?.off("close", this.#rawClosed);
  }
}

function ended(): Answer {
  return { ok: false, error: toWireError(endedFirst()) };
}

function endedFirst(): LastseenError {
  return new LastseenError("fenced", "The socket ended before the request was answered.");
}
