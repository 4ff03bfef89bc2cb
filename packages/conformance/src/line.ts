import type { IncomingMessage } from "node:http";
import {
  CLOSE_CODES,
  type CloseName,
  type ErrorCode,
  type EventData,
  type EventType,
  LastseenError,
  type ReplyData,
  type RequestType,
} from "@lastseen/protocol";
import { type AnyRequest, encodeErrorReply, encodeEvent, encodeReply, parse, validate } from "@lastseen/protocol/codec";
import type { WebSocket } from "ws";
import { Fault } from "./fault.js";

export type RequestOf<T extends RequestType> = Extract<AnyRequest, { type: T }>;

/** Told of everything that a client sends on its lines. */
export interface LineSink {
  /** A valid request. The check has not looked at it yet. */
  request(line: Line, request: AnyRequest): void;
  /** A frame that no service would accept. */
  fault(message: string): void;
  closed(line: Line): void;
}

/** One connection of the client under test. It keeps everything that the client sends on it. */
export class Line {
  /** All requests, in order. */
  readonly requests: AnyRequest[] = [];
  /** When each of them came, monotonic milliseconds. */
  readonly cameAt: number[] = [];
  /** Pongs of the socket that have come. */
  pongs = 0;
  /** The code with which the client closed; 1006 without a close frame. */
  closeCode: number | undefined = undefined;
  readonly openedAt = performance.now();
  readonly #socket: WebSocket;
  readonly #wire: IncomingMessage["socket"];
  readonly #sink: LineSink;
  readonly #watchers = new Set<() => void>();
  #isFrozen = false;

  constructor(socket: WebSocket, wire: IncomingMessage["socket"], sink: LineSink) {
    this.#socket = socket;
    this.#wire = wire;
    this.#sink = sink;
    socket.on("message", (bytes: Buffer, isBinary) => this.#receive(bytes, isBinary));
    socket.on("pong", () => {
      this.pongs += 1;
      this.#wake();
    });
    // A close event follows.
    socket.on("error", () => {});
    socket.on("close", (code) => {
      this.closeCode = code;
      this.#wake();
      sink.closed(this);
    });
  }

  get isOpen(): boolean {
    return this.closeCode === undefined;
  }

  /** @throws RangeError when the client has sent no hello yet */
  get hello(): RequestOf<"hello">["data"] {
    const hello = this.find("hello");
    if (!hello) throw new RangeError("no hello yet");
    return hello.data;
  }

  /** The last request of this type. */
  find<T extends RequestType>(type: T): RequestOf<T> | undefined {
    return this.requests.findLast((request): request is RequestOf<T> => request.type === type);
  }

  all<T extends RequestType>(type: T): RequestOf<T>[] {
    return this.requests.filter((request): request is RequestOf<T> => request.type === type);
  }

  /** When the pings came, monotonic milliseconds. */
  get pingsAt(): number[] {
    return this.cameAt.filter((_, index) => this.requests[index]?.type === "ping");
  }

  /**
   * Waits until something is true of this line.
   *
   * @param what what the client should do, for the {@link Fault} when it does not
   */
  until<T>(what: string, read: () => T | undefined | false, withinMs: number): Promise<T> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const value = read();
        if (value === undefined || value === false) return;
        end();
        resolve(value);
      };
      const end = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(look);
      };
      const timer = setTimeout(() => {
        end();
        const seen = this.requests.map(({ type }) => type).join(", ") || "nothing";
        const state = this.isOpen ? "" : ` The connection was closed (${this.closeCode}).`;
        reject(
          new Fault(`The client should ${what} within ${withinMs} ms. On this connection it sent: ${seen}.${state}`),
        );
      }, withinMs);
      this.#watchers.add(look);
      look();
    });
  }

  reply<T extends RequestType>(request: RequestOf<T>, data: ReplyData<T>): void {
    if (request.id !== undefined) this.#send(encodeReply(request.id, data));
  }

  refuse(request: AnyRequest, code: ErrorCode, data?: Readonly<Record<string, unknown>>): void {
    const error = new LastseenError(code, `This is a test of how a client takes ${code}.`, data ? { data } : {});
    if (request.id !== undefined) this.#send(encodeErrorReply(request.id, error.toWire()));
  }

  event<T extends EventType>(type: T, data: EventData<T>): void {
    this.#send(encodeEvent(type, data));
  }

  /** Sends a frame as it is. */
  raw(frame: object): void {
    this.#send(JSON.stringify(frame));
  }

  pingSocket(): void {
    this.#socket.ping();
  }

  close(name: CloseName): void {
    this.#socket.close(CLOSE_CODES[name].code, name);
  }

  /** The connection breaks with a reset, as when a machine on the way has lost it. */
  reset(): void {
    this.#wire.resetAndDestroy();
  }

  /** From now on nothing arrives on either side, as when the network of the client is cut. */
  freeze(): void {
    this.#isFrozen = true;
    this.#wire.pause();
  }

  /** Ends the line when its check is over. */
  end(): void {
    this.#socket.terminate();
  }

  #send(frame: string): void {
    if (!this.#isFrozen) this.#socket.send(frame);
  }

  #receive(bytes: Buffer, isBinary: boolean): void {
    const frame = isBinary ? undefined : parse(bytes.toString());
    if (!frame || frame.kind === "garbage") {
      this.#sink.fault("The client sent a frame that is not a JSON object.");
      return;
    }
    const decoded = frame.kind === "frame" ? validate(frame) : frame;
    if (decoded.kind !== "request") {
      const why = decoded.kind === "invalid" ? decoded.error.message : "it is no request";
      this.#sink.fault(`The client sent a request that a service refuses (${why}): ${bytes.toString().slice(0, 200)}`);
      return;
    }
    this.requests.push(decoded.request);
    this.cameAt.push(performance.now());
    this.#sink.request(this, decoded.request);
    this.#wake();
  }

  #wake(): void {
    for (const look of this.#watchers) look();
  }
}
