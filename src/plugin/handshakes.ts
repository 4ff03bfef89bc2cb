/**
 * WebSocket handshakes inside somebody else's application. A handshake takes the application's own way first, with all
 * its hooks, and is then handed to a Fastify instance that does nothing else and never listens. So the application may
 * use `@fastify/websocket`, in whatever order and with whatever options, or any other WebSocket server, or none.
 */
import { ServerResponse, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from "fastify";
import type { Gateway } from "../gateway/gateway.js";
import { serveAsHttp } from "../gateway/upgrades.js";
import { registerWebSocket } from "../gateway/ws-route.js";
import { answerErrors } from "../http/error-handler.js";

const PATH = "/ws";
/** Of this file, at an application's server. */
const LISTENERS = 2;

interface Handshake {
  socket: Socket;
  head: Buffer;
  /** Listens to the end of the socket. */
  forget: () => void;
}

export class Handshakes {
  readonly #app: FastifyInstance;
  readonly #inner: FastifyInstance;
  readonly #path: string;
  /** On their way through the application, or refused by it and not ended yet. */
  readonly #pending = new Map<IncomingMessage, Handshake>();

  private constructor(scope: FastifyInstance, inner: FastifyInstance) {
    this.#app = scope;
    this.#inner = inner;
    this.#path = `${scope.prefix}${PATH}`;
  }

  /** @param scope where the route belongs */
  static async open(
    scope: FastifyInstance,
    options: { gateway: Gateway; origins: readonly string[]; reconnectSpreadMs: number; log: FastifyBaseLogger },
  ): Promise<Handshakes> {
    const inner: FastifyInstance = Fastify({
      loggerInstance: options.log,
      logController: new LogController({ disableRequestLogging: true }),
    });
    answerErrors(inner);
    await registerWebSocket(inner, options);
    await inner.ready();
    const handshakes = new Handshakes(scope, inner);
    handshakes.#addRoute(scope);
    return handshakes;
  }

  /** Begins to take part in upgrades; call it when every plugin of the application is loaded. */
  start(): void {
    const { server } = this.#app;
    // The first notes what nobody else may keep, the last carries on what nobody else has.
    server.prependListener("upgrade", this.#note);
    server.on("upgrade", this.#dispatch);
  }

  /** Closes every socket; resolves when they are closed. */
  async close(): Promise<void> {
    await this.#inner.close();
    this.#app.server.off("upgrade", this.#note);
    this.#app.server.off("upgrade", this.#dispatch);
    // A server does not know the sockets that it gave away, and waits for them all the same.
    for (const { socket } of this.#pending.values()) socket.destroy();
  }

  #addRoute(scope: FastifyInstance): void {
    scope.route({
      method: "GET",
      url: PATH,
      schema: { hide: true },
      preHandler: async (request, reply) => {
        const handshake = this.#pending.get(request.raw);
        if (!handshake) return;
        this.#pending.delete(request.raw);
        // It would hold the request for as long as the socket is there.
        handshake.socket.off("close", handshake.forget);
        reply.hijack();
        this.#handOver(request.raw, reply.raw, handshake);
      },
      handler: (_request, reply) =>
        reply
          .code(426)
          .headers({ upgrade: "websocket", connection: "upgrade" })
          .send({ error: { code: "bad_message", message: "This route speaks WebSocket only." } }),
    });
  }

  #handOver(request: IncomingMessage, response: ServerResponse, { socket, head }: Handshake): void {
    response.detachSocket(socket);
    request.url = PATH;
    this.#inner.server.emit("upgrade", request, socket, head);
  }

  readonly #note = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const [pathname] = (request.url ?? "").split("?");
    if (pathname !== this.#path || request.headers.upgrade?.toLowerCase() !== "websocket") return;
    const forget = () => void this.#pending.delete(request);
    this.#pending.set(request, { socket: socket as Socket, head, forget });
    socket.once("close", forget);
  };

  readonly #dispatch = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const handshake = this.#pending.get(request);
    if (handshake) {
      this.#route(request, handshake.socket);
      return;
    }
    const { server } = this.#app;
    // Without a listener Node answers in HTTP to whoever wishes to upgrade; being the only one must not change that.
    if (server.listenerCount("upgrade") === LISTENERS) serveAsHttp(server, request, socket, head);
  };

  #route(request: IncomingMessage, socket: Socket): void {
    const response = new ServerResponse(request);
    try {
      response.assignSocket(socket);
    } catch {
      // Another listener has assigned its own and carries the handshake through the application.
      return;
    }
    // Node takes its own away before it tells of an upgrade.
    socket.on("error", () => socket.destroy());
    // Reached only by a refusal: who is let in gets another response.
    response.once("finish", () => socket.destroySoon());
    this.#app.routing(request, response);
  }
}
