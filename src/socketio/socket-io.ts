/**
 * The parts of Socket.IO 4 that are used here. They are described by their form and not imported, so that an application with
 * types of its own for its events can give its server, and so that Lastseen needs no copy of Socket.IO.
 */
import type { IncomingHttpHeaders } from "node:http";

/** A Socket.IO server, or one of its namespaces. */
export interface SocketIoServer {
  on(event: "connection", listener: (socket: SocketIoSocket) => void): unknown;
}

/** One client of a Socket.IO server. */
export interface SocketIoSocket {
  readonly id: string;
  readonly connected: boolean;
  /** Whether Socket.IO has restored its state after a short loss of the connection. */
  readonly recovered?: boolean;
  readonly handshake: { readonly address: string; readonly headers: IncomingHttpHeaders };
  readonly conn: EngineSocket;
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  emit(event: string, ...args: unknown[]): unknown;
  disconnect(close: boolean): unknown;
}

/** The connection under it. It may begin with HTTP requests and become a WebSocket later. */
export interface EngineSocket {
  readonly transport: object;
  /** `heartbeat`: the client has answered a ping of Socket.IO. `upgrade`: it has another transport now. */
  on(event: "heartbeat" | "upgrade", listener: () => void): unknown;
  off(event: "heartbeat" | "upgrade", listener: () => void): unknown;
}

/** The WebSocket of `ws` under a connection, as far as it is used here. */
export interface RawWebSocket {
  readonly bufferedAmount: number;
  ping(): void;
  prependListener(event: "close", listener: (code: number) => void): unknown;
  on(event: "pong", listener: () => void): unknown;
  off(event: "close", listener: (code: number) => void): unknown;
  off(event: "pong", listener: () => void): unknown;
}

/**
 * The WebSocket under the connection. Socket.IO does not promise its place, so its form is checked.
 *
 * @returns undefined when the connection consists of HTTP requests, or another library makes the WebSockets
 */
export function rawWebSocketOf({ transport }: EngineSocket): RawWebSocket | undefined {
  const socket: unknown = "socket" in transport ? transport.socket : undefined;
  return isRawWebSocket(socket) ? socket : undefined;
}

function isRawWebSocket(value: unknown): value is RawWebSocket {
  const { ping, prependListener, bufferedAmount } = Object(value) as Partial<Record<keyof RawWebSocket, unknown>>;
  return typeof ping === "function" && typeof prependListener === "function" && typeof bufferedAmount === "number";
}
