/**
 * The HTTP side of the service: one Fastify instance with its routes. Requests by HTTP use the same reaper, registry and rooms
 * as messages by WebSocket.
 */
import type { Server } from "node:http";
import cors from "@fastify/cors";
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from "fastify";
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type from "typebox";
import { acceptDeletesWithoutBody } from "./json-bodies.js";
import { addAnswerHeaders, protectAnswers } from "./answer-headers.js";
import { serveDocs } from "./docs.js";
import { answerError, answerErrors, answerUnknownRoutes } from "./error-handler.js";
import { withLongIds, withoutRequestLog } from "./fastify-versions.js";
import type { Clock } from "../kernel/clock.js";
import type { Refusals } from "../kernel/refusals.js";
import { HttpRefusal, NO_ROUTE } from "./http-refusal.js";
import { OpenRequests } from "./open-requests.js";
import { refuseUnreadable } from "./unreadable.js";
import type { AdminGuesses } from "./admin-guesses.js";
import { checkRequests } from "./schemas.js";
import { logActions, type ActorOf } from "./actor.js";
import { bearerGuard } from "./guard.js";
import { refuseForeignRequests, type OwnNames } from "./foreign-requests.js";
import type { RefusedHttp } from "./refused-http.js";

/** How long a client may take to send the head of its request. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** How long a socket without a request stays open. */
const KEEP_ALIVE_MS = 20_000;
/** Sockets of HTTP requests may be so many of `MAX_CONNECTIONS`. */
const REQUESTS_SHARE = 1 / 4;
/** Sockets of HTTP requests of one address may be so many of `MAX_CONNECTIONS_PER_ADDRESS`. */
const REQUESTS_ADDRESS_SHARE = 1 / 2;
/** Neither of the two is less than this. */
const LEAST_REQUESTS = 64;
/** How long the last answers may take when the server closes. */
const LAST_ANSWERS_MS = 1_000;
/** How often Node looks for clients that are too slow. */
const TIMEOUT_CHECK_MS = 5_000;

export interface HttpOptions {
  log: FastifyBaseLogger;
  clock: Clock;
  /** Whether an address is one of the proxies whose `X-Forwarded-For` counts. */
  isProxy: (address: string) => boolean;
  /** The most sockets: WebSockets of all addresses together, and of one address. */
  limits: { connections: number; perAddress: number };
  refusals: Refusals;
  /** Counts and logs the requests that a route refuses. */
  refused: RefusedHttp;
  /** Slows down those who guess `adminToken` and `metricsToken`. */
  guesses: AdminGuesses;
  /** Whether pages of this origin may read answers and open WebSockets. */
  isOriginAllowed: (origin: string) => boolean;
  version: string;
  /** Whether to serve the OpenAPI page. */
  docs: boolean;
  /** When it is undefined and `adminOpen` is false, the admin routes are not served. */
  adminToken: string | undefined;
  adminOpen: boolean;
  /** Whose pages may use the admin routes without a token. */
  ownNames: OwnNames;
  /** Who sent a request of the admin routes. */
  actorOf: ActorOf;
  metricsToken: string | undefined;
  metrics: { contentType: string; expose: () => Promise<string> };
  openRoutes: readonly FastifyPluginAsyncTypebox[];
  adminRoutes: readonly FastifyPluginAsyncTypebox[];
}

export async function createHttpServer(options: HttpOptions): Promise<FastifyInstance> {
  const app: FastifyInstance = Fastify({
    loggerInstance: options.log,
    trustProxy: options.isProxy,
    keepAliveTimeout: KEEP_ALIVE_MS,
    ...withoutRequestLog(),
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: TIMEOUT_CHECK_MS },
    forceCloseConnections: "idle",
    // While the server closes, health checks still get an answer that says why.
    return503OnClosing: false,
    ...withLongIds(),
    frameworkErrors: (error, request, reply) => {
      addAnswerHeaders(reply);
      answerError(error, request, reply, options.refused);
    },
    clientErrorHandler: refuseUnreadable,
  });
  boundSockets(app.server, options);
  answerErrors(app, options.refused);
  checkRequests(app);
  answerUnknownRoutes(app);
  // This comes before CORS, which answers preflights itself.
  protectAnswers(app);
  acceptDeletesWithoutBody(app);
  const { isOriginAllowed } = options;
  await app.register(cors, {
    // An empty list refuses.
    origin: (origin, done) => done(null, origin !== undefined && isOriginAllowed(origin) ? true : []),
    methods: ["GET", "POST", "PUT", "DELETE"],
  });
  if (options.docs) await serveDocs(app, options.version);
  return app;
}

/** Sockets that are not WebSockets yet get a share, so that half-sent requests cannot use up what WebSockets need. */
function boundSockets(server: Server, { limits, isProxy, refusals }: HttpOptions): void {
  const most = Math.max(LEAST_REQUESTS, Math.floor(limits.connections * REQUESTS_SHARE));
  const mostOfAddress = Math.max(LEAST_REQUESTS, Math.floor(limits.perAddress * REQUESTS_ADDRESS_SHARE));
  new OpenRequests({ most, mostOfAddress, isProxy, refusals }).follow(server);
}

/**
 * Lets the server close soon after its last answer. Fastify closes idle connections. Browsers also open connections in advance
 * that they may never use. Node does not count these as idle and would wait until the browser closes them. Call this after all
 * other parts have added their `preClose` hooks.
 */
export function boundClose(app: FastifyInstance): void {
  app.addHook("preClose", (done) => {
    setTimeout(() => app.server.closeAllConnections(), LAST_ANSWERS_MS).unref();
    done();
  });
}

/** Registers the routes. This is not part of {@link createHttpServer}, because WebSocket support must be registered before any route. */
export async function registerRoutes(app: FastifyInstance, options: HttpOptions): Promise<void> {
  for (const routes of options.openRoutes) await app.register(routes);
  await app.register(async (scope) => {
    scope.addHook("onRequest", bearerGuard("METRICS_TOKEN", options.metricsToken, options));
    const response = { 200: { content: { "text/plain": { schema: Type.String() } } } };
    scope.get(
      "/metrics",
      {
        schema: {
          operationId: "getMetrics",
          security: [{ metrics: [] }],
          tags: ["metrics"],
          summary: "Prometheus metrics",
          response,
        },
      },
      async (_request, reply) => reply.type(options.metrics.contentType).send(await options.metrics.expose()),
    );
  });
  await app.register(
    async (scope) => {
      scope.addHook("onRequest", adminGuard(options));
      logActions(scope, options.actorOf);
      for (const routes of options.adminRoutes) await scope.register(routes);
    },
    { prefix: "/api" },
  );
}

function adminGuard(options: HttpOptions): ReturnType<typeof bearerGuard> {
  if (options.adminToken !== undefined) return bearerGuard("ADMIN_TOKEN", options.adminToken, options);
  if (options.adminOpen) return refuseForeignRequests(options);
  return async () => {
    throw new HttpRefusal("not_found", NO_ROUTE, { field: "path" });
  };
}
