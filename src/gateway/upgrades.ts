import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** Headers that have a meaning only for a change of protocol. */
const UPGRADE_HEADERS: ReadonlySet<string> = new Set(["upgrade", "connection", "http2-settings"]);

/** Takes a WebSocket handshake. */
export type TakeHandshake = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/**
 * Gives WebSocket handshakes to the taker of their path. It ignores every other request for an upgrade, as HTTP allows:
 * the client of Java, for example, asks for HTTP/2 with its first request to any route and expects an answer in HTTP/1.1.
 */
export function routeUpgrades(server: Server, takers: ReadonlyMap<string, TakeHandshake>): void {
  const afterAnswers = followAnswers(server);
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const isWebSocket = request.headers.upgrade?.toLowerCase() === "websocket";
    const take = isWebSocket ? takers.get(pathOf(request)) : undefined;
    afterAnswers(socket, () => {
      if (take) take(request, socket, head);
      else serveAsHttp(server, request, socket, head);
    });
  });
}

/** The path of a request, without its query. */
export function pathOf({ url = "" }: IncomingMessage): string {
  return url.split("?", 1)[0] ?? "";
}

/**
 * Node gives a socket away at an upgrade, also while answers to earlier requests are not sent yet. The next requests on the
 * socket must wait for these answers, or answers are lost.
 */
export class LastAnswers {
  readonly #answers = new WeakMap<Duplex, ServerResponse>();

  /** A request has arrived. Call it before anybody can answer it. */
  note({ socket }: IncomingMessage, response: ServerResponse): void {
    this.#answers.set(socket, response);
  }

  /** Calls `then` when every answer on the socket has been sent, and never when the socket has ended before. */
  after(socket: Duplex, then: () => void): void {
    const last = this.#answers.get(socket);
    if (!last || last.closed) {
      then();
      return;
    }
    // Node removes its own error listener before it emits an upgrade.
    const end = (): void => void socket.destroy();
    socket.once("error", end);
    last.once("close", () => {
      socket.off("error", end);
      if (!socket.destroyed) then();
    });
  }
}

/** @returns {@link LastAnswers.after} for the requests of this server */
export function followAnswers(server: Server): (socket: Duplex, then: () => void) => void {
  const answers = new LastAnswers();
  server.prependListener("request", (request, response) => answers.note(request, response));
  return (socket, then) => answers.after(socket, then);
}

/** Gives the connection back to the server, as if the request had not asked for an upgrade. */
export function serveAsHttp(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = rawHeaders.slice(at, at + 2);
    if (!UPGRADE_HEADERS.has(name.toLowerCase())) lines.push(`${name}: ${value}`);
  }
  // Node reads header bytes as Latin-1, so Latin-1 turns them into the same bytes again.
  // Two steps, so that nothing copies what follows the request: a client may send thousands of requests at once.
  if (head.length > 0) socket.unshift(head);
  socket.unshift(Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"));
  server.emit("connection", socket);
}
