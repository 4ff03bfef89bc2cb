/**
 * WebSocket handshakes inside somebody else's application. First a handshake goes through the application and all its hooks.
 * Then it is handed to an inner Fastify instance that does nothing else and never listens on a port. So the application may
 * use `@fastify/websocket`, in any order and with any options, or another WebSocket server, or none.
 */
import { ServerResponse, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type onRequestAsyncHookHandler } from "fastify";
import { AGENT_PATH } from "@lastseen/protocol/agent";
import { PROBLEM_TYPE, problemOf } from "@lastseen/protocol/http";
import { registerAgents } from "../gateway/agents/agents-route.js";
import type { Gateway } from "../gateway/gateway.js";
import { followAnswers, pathOf, serveAsHttp } from "../gateway/upgrades.js";
import { registerWebSocket } from "../gateway/ws-route.js";
import { answerErrors } from "../http/error-handler.js";
import { withoutRequestLog } from "../http/fastify-versions.js";
import type { RefusedHttp } from "../http/refused-http.js";
import type { Clock } from "../kernel/clock.js";
import type { AgentEntrance } from "../ports/agent-links.js";

const PATH = "/ws";
/** Listeners for `upgrade` that this file adds to the server of the application. */
const LISTENERS = 2;

interface Handshake {
  socket: Socket;
  head: Buffer;
  /** The listener for the end of the socket. */
  forget: () => void;
}

/** How agents come in, and what asks them for their token. */
export interface AgentDoor {
  readonly entrance: AgentEntrance;
  readonly guard: onRequestAsyncHookHandler;
  readonly clock: Clock;
}

export class Handshakes {
  readonly #app: FastifyInstance;
  readonly #inner: FastifyInstance;
  /** The whole paths of the WebSockets. */
  readonly #paths: ReadonlySet<string>;
  readonly #afterAnswers: ReturnType<typeof followAnswers>;
  readonly #addresses: WeakMap<IncomingMessage, string>;
  /** Handshakes on their way through the application, and handshakes that it refused and that have not ended yet. */
  readonly #pending = new Map<IncomingMessage, Handshake>();

  private constructor(
    scope: FastifyInstance,
    inner: FastifyInstance,
    addresses: WeakMap<IncomingMessage, string>,
    paths: readonly string[],
  ) {
    this.#addresses = addresses;
    this.#app = scope;
    this.#afterAnswers = followAnswers(scope.server);
    this.#inner = inner;
    this.#paths = new Set(paths.map((path) => `${scope.prefix}${path}`));
  }

  /** @param scope gets the routes */
  static async open(
    scope: FastifyInstance,
    options: {
      gateway: Gateway;
      isOriginAllowed: (origin: string) => boolean;
      refused: RefusedHttp;
      reconnectSpreadMs: number;
      /** Undefined: no agents. */
      agents: AgentDoor | undefined;
      log: FastifyBaseLogger;
    },
  ): Promise<Handshakes> {
    const inner: FastifyInstance = Fastify({
      loggerInstance: options.log,
      ...withoutRequestLog(),
    });
    answerErrors(inner, options.refused);
    // The application knows its proxies, so it says where a client comes from.
    const addresses = new WeakMap<IncomingMessage, string>();
    const addressOf = (request: IncomingMessage): string => addresses.get(request) ?? "";
    const { agents, log } = options;
    const morePaths = agents ? [AGENT_PATH] : [];
    await registerWebSocket(inner, { ...options, addressOf, morePaths });
    if (agents) registerAgents(inner, { entrance: agents.entrance, clock: agents.clock, addressOf, log });
    await inner.ready();
    const handshakes = new Handshakes(scope, inner, addresses, [PATH, ...morePaths]);
    handshakes.#addRoute(scope, PATH);
    if (agents) handshakes.#addRoute(scope, AGENT_PATH, agents.guard);
    return handshakes;
  }

  /** Begins to listen for upgrades. Call it when every plugin of the application is loaded. */
  start(): void {
    const { server } = this.#app;
    // The first listener remembers the handshake. The last one continues it if no other listener did.
    server.prependListener("upgrade", this.#note);
    server.on("upgrade", this.#dispatch);
  }

  /** Closes every socket. Resolves when they are closed. */
  async close(): Promise<void> {
    await this.#inner.close();
    this.#app.server.off("upgrade", this.#note);
    this.#app.server.off("upgrade", this.#dispatch);
    // The server waits for the sockets of upgrades too, but does not close them itself.
    for (const { socket } of this.#pending.values()) socket.destroy();
  }

  #addRoute(scope: FastifyInstance, path: string, guard?: onRequestAsyncHookHandler): void {
    scope.route({
      method: "GET",
      url: path,
      schema: { hide: true },
      ...(guard && { onRequest: guard }),
      preHandler: async (request, reply) => {
        const handshake = this.#pending.get(request.raw);
        if (!handshake) return;
        this.#pending.delete(request.raw);
        // The listener would keep the request in memory as long as the socket is open.
        handshake.socket.off("close", handshake.forget);
        reply.hijack();
        this.#addresses.set(request.raw, request.ip);
        this.#handOver(request.raw, reply.raw, { ...handshake, path });
      },
      handler: (_request, reply) =>
        reply
          .code(426)
          .headers({ upgrade: "websocket", connection: "upgrade" })
          .type(PROBLEM_TYPE)
          .send(problemOf("bad_message", "This route speaks WebSocket only.", { status: 426 })),
    });
  }

  #handOver(
    request: IncomingMessage,
    response: ServerResponse,
    { socket, head, path }: Handshake & { path: string },
  ): void {
    response.detachSocket(socket);
    request.url = path;
    this.#inner.server.emit("upgrade", request, socket, head);
  }

  readonly #note = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (!this.#paths.has(pathOf(request)) || request.headers.upgrade?.toLowerCase() !== "websocket") return;
    const forget = () => void this.#pending.delete(request);
    this.#pending.set(request, { socket: socket as Socket, head, forget });
    socket.once("close", forget);
  };

  readonly #dispatch = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const handshake = this.#pending.get(request);
    if (handshake) {
      this.#afterAnswers(socket, () => {
        if (this.#pending.get(request) === handshake) this.#route(request, handshake.socket);
      });
      return;
    }
    const { server } = this.#app;
    // Without a listener Node answers upgrades in HTTP. That must stay so when there are no other listeners than ours.
    if (server.listenerCount("upgrade") === LISTENERS) {
      this.#afterAnswers(socket, () => serveAsHttp(server, request, socket, head));
    }
  };

  #route(request: IncomingMessage, socket: Socket): void {
    const response = new ServerResponse(request);
    try {
      response.assignSocket(socket);
    } catch {
      // Another listener has assigned its own response and brings the handshake through the application.
      return;
    }
    // Node removes its own error listener before it emits an upgrade.
    socket.on("error", () => socket.destroy());
    // Only a refusal finishes this response: an accepted handshake gets another one.
    response.once("finish", () => socket.destroySoon());
    this.#app.routing(request, response);
  }
}
