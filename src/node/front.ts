/**
 * Stands in front of an application's own HTTP server and takes what belongs to Lastseen.
 *
 *     server of the application -> Front -> requests below the prefix, handshakes for its WebSockets -> inner server
 *                                    `---> everything else -> the listeners of the application, as before
 *
 * It looks at the events before any listener does. So it does not matter who adds listeners, when, and how many: Express,
 * Koa, Socket.IO and `ws` neither see nor refuse what belongs to Lastseen.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { LastAnswers, pathOf, serveAsHttp } from "../gateway/upgrades.js";

export class Front {
  readonly #server: Server;
  readonly #inner: Server;
  readonly #prefix: string;
  readonly #webSockets: ReadonlySet<string>;
  readonly #onClose: () => void;
  readonly #answers = new LastAnswers();
  readonly #emit: Server["emit"];
  readonly #close: Server["close"];
  #released = false;

  /**
   * @param options `inner`: gets what belongs to Lastseen; `webSockets`: the paths of WebSockets below the prefix; `onClose`: the
   *   application has begun to close its server
   */
  constructor(
    server: Server,
    options: { inner: Server; prefix: string; webSockets: readonly string[]; onClose: () => void },
  ) {
    this.#server = server;
    this.#inner = options.inner;
    this.#prefix = options.prefix;
    this.#webSockets = new Set(options.webSockets.map((path) => `${options.prefix}${path}`));
    this.#onClose = options.onClose;
    // Methods of the prototype, or of whoever wrapped them before.
    // oxlint-disable-next-line typescript/unbound-method -- called with the server as `this`
    this.#emit = server.emit;
    // oxlint-disable-next-line typescript/unbound-method -- called with the server as `this`
    this.#close = server.close;
    server.emit = this.#dispatch as Server["emit"];
    server.close = this.#closing;
    server.on("upgrade", this.#answerUnclaimed);
  }

  /** Gives a request to the application: no route of Lastseen is meant. */
  pass(request: IncomingMessage, response: ServerResponse): void {
    Reflect.apply(this.#emit, this.#server, ["request", request, response]);
  }

  /** The server is as it was before. Idempotent. */
  release(): void {
    this.#released = true;
    const server = this.#server;
    server.off("upgrade", this.#answerUnclaimed);
    // Somebody else may have wrapped the methods later; then ours stay and only pass on.
    if (server.emit === this.#dispatch) {
      Reflect.deleteProperty(server, "emit");
      if (server.emit !== this.#emit) server.emit = this.#emit;
    }
    if (server.close === this.#closing) {
      Reflect.deleteProperty(server, "close");
      if (server.close !== this.#close) server.close = this.#close;
    }
  }

  readonly #dispatch = (event: string | symbol, ...args: unknown[]): boolean => {
    if (!this.#released && event === "request") {
      const [request, response] = args as [IncomingMessage, ServerResponse];
      this.#answers.note(request, response);
      if (this.#isBelowPrefix(request)) return this.#inner.emit("request", request, response);
    }
    if (!this.#released && event === "upgrade") {
      const [request, socket, head] = args as [IncomingMessage, Duplex, Buffer];
      if (this.#isHandshake(request)) {
        this.#answers.after(socket, () => this.#inner.emit("upgrade", request, socket, head));
        return true;
      }
    }
    return Reflect.apply(this.#emit, this.#server, [event, ...args]) as boolean;
  };

  /** A server that closes waits for all its sockets, and WebSockets do not end by themselves. */
  readonly #closing: Server["close"] = (callback) => {
    if (!this.#released) this.#onClose();
    return this.#close.call(this.#server, callback);
  };

  /** Without a listener Node answers upgrades in HTTP. That must stay so when the application has no listener of its own. */
  readonly #answerUnclaimed = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (this.#server.listenerCount("upgrade") > 1) return;
    this.#answers.after(socket, () => serveAsHttp(this.#server, request, socket, head));
  };

  #isBelowPrefix(request: IncomingMessage): boolean {
    const path = pathOf(request);
    return path === this.#prefix || path.startsWith(`${this.#prefix}/`);
  }

  #isHandshake(request: IncomingMessage): boolean {
    if (request.headers.upgrade?.toLowerCase() !== "websocket") return false;
    return this.#webSockets.has(pathOf(request));
  }
}
