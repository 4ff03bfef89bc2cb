/**
 * Lastseen over a Socket.IO 4 socket that the page has already: `import { socketIoTransport } from "@lastseen/client/socket.io"`.
 *
 *     const client = connect({ url: "https://calls.example/presence", transport: socketIoTransport(socket) });
 *
 * @module
 */
import type { SocketLike } from "../environment.js";

/** The part of a `Socket` of `socket.io-client` that is used. */
export interface SocketIoClientSocket {
  readonly connected: boolean;
  on(event: string, listener: (argument?: unknown) => void): unknown;
  off(event: string, listener: (argument?: unknown) => void): unknown;
  emit(event: string, argument: unknown): unknown;
}

/** The event that carries every frame, both ways. */
const FRAME_EVENT = "lastseen";
/** The event that ends a line, both ways: `{ code }`, as the close frame of a WebSocket. */
const CLOSE_EVENT = "lastseen:close";
const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 3;
const NORMAL = 1000;
const ABNORMAL = 1006;

type EventName = Parameters<SocketLike["addEventListener"]>[0];
type Listener = Parameters<SocketLike["addEventListener"]>[1];

/**
 * The option `transport` of `connect`. The Socket.IO socket stays the page's: nothing here connects it, disconnects it or listens to
 * its other events.
 */
export function socketIoTransport(socket: SocketIoClientSocket): () => SocketLike {
  return () => new SocketIoLine(socket);
}

/** One line over the socket, in the form of a WebSocket. It opens when the socket is connected, and ends with that connection. */
class SocketIoLine implements SocketLike {
  readonly #socket: SocketIoClientSocket;
  readonly #stops: (() => void)[] = [];
  readonly #listeners: Record<EventName, Listener[]> = { open: [], message: [], close: [] };
  #readyState: number = CONNECTING;

  constructor(socket: SocketIoClientSocket) {
    this.#socket = socket;
    this.#on("connect", () => this.#opened());
    this.#on("disconnect", () => this.#ended(ABNORMAL));
    // What Socket.IO sends again after it has recovered its state comes before `connect`. It belongs to an earlier line.
    this.#on(FRAME_EVENT, (frame) => {
      if (this.#readyState === OPEN) this.#tell("message", { data: JSON.stringify(frame) });
    });
    this.#on(CLOSE_EVENT, (end) => {
      const { code } = Object(end) as { code?: unknown };
      if (this.#readyState === OPEN) this.#ended(typeof code === "number" ? code : ABNORMAL);
    });
    if (socket.connected) queueMicrotask(() => this.#opened());
  }

  get readyState(): number {
    return this.#readyState;
  }

  addEventListener(type: EventName, listener: Listener): void {
    this.#listeners[type].push(listener);
  }

  send(text: string): void {
    // Socket.IO would keep what is sent while it is not connected, and send it into a later line.
    if (this.#readyState === OPEN && this.#socket.connected) this.#socket.emit(FRAME_EVENT, JSON.parse(text));
  }

  close(code = NORMAL): void {
    if (this.#readyState === OPEN && this.#socket.connected) this.#socket.emit(CLOSE_EVENT, { code });
    this.#ended(code);
  }

  #opened(): void {
    if (this.#readyState !== CONNECTING) return;
    this.#readyState = OPEN;
    this.#tell("open", {});
  }

  #ended(code: number): void {
    if (this.#readyState === CLOSED) return;
    this.#readyState = CLOSED;
    for (const stop of this.#stops) stop();
    this.#tell("close", { code });
  }

  #on(event: string, listener: (argument?: unknown) => void): void {
    this.#socket.on(event, listener);
    this.#stops.push(() => this.#socket.off(event, listener));
  }

  #tell(type: EventName, event: Parameters<Listener>[0]): void {
    for (const listener of this.#listeners[type]) listener(event);
  }
}
