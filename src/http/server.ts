/**
 * The HTTP side of the service: one Fastify instance with the routes that the parts of the service are given to. What
 * comes in here goes to the same reaper, registry and rooms as what comes in by WebSocket.
 */
import cors from "@fastify/cors";
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from "fastify";
import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type from "typebox";
import { LastseenError, LIMITS } from "@lastseen/protocol";
import { serveDocs } from "./docs.js";
import { answerError, answerErrors, answerUnknownRoutes } from "./error-handler.js";
import { refuseUnreadable } from "./unreadable.js";
import { bearerGuard } from "./guard.js";

/** How long a client may take to send its request head. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
/** How long answers that are under way have when the server closes. */
const LAST_ANSWERS_MS = 1_000;
/** How often Node looks for clients that take longer. */
const TIMEOUT_CHECK_MS = 5_000;

export interface HttpOptions {
  log: FastifyBaseLogger;
  origins: readonly string[];
  version: string;
  /** Whether to serve the OpenAPI page. */
  docs: boolean;
  /** Undefined with `adminOpen: false`: the admin routes are not served at all. */
  adminToken: string | undefined;
  adminOpen: boolean;
  metricsToken: string | undefined;
  metrics: { contentType: string; expose: () => Promise<string> };
  openRoutes: readonly FastifyPluginAsyncTypebox[];
  adminRoutes: readonly FastifyPluginAsyncTypebox[];
}

export async function createHttpServer(options: HttpOptions): Promise<FastifyInstance> {
  const app: FastifyInstance = Fastify({
    loggerInstance: options.log,
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { headersTimeout: HEADERS_TIMEOUT_MS, connectionsCheckingInterval: TIMEOUT_CHECK_MS },
    forceCloseConnections: "idle",
    // While clients are sent away, health checks go on getting an answer that says why.
    return503OnClosing: false,
    // An id is at its longest when each of its characters is percent-encoded.
    routerOptions: { maxParamLength: LIMITS.idLength * 3 },
    frameworkErrors: answerError,
    clientErrorHandler: refuseUnreadable,
  });
  answerErrors(app);
  answerUnknownRoutes(app);
  await app.register(cors, { origin: [...options.origins], methods: ["GET", "POST", "DELETE"] });
  if (options.docs) await serveDocs(app, options.version);
  return app;
}

/**
 * Lets the server close soon after its last answer. Idle connections are closed by Fastify; one that was opened ahead of
 * time and never used, as browsers do, is not idle to Node, and would be waited for until the browser gives it up. To be
 * called after whatever else has something to do before the close.
 */
export function boundClose(app: FastifyInstance): void {
  app.addHook("preClose", (done) => {
    setTimeout(() => app.server.closeAllConnections(), LAST_ANSWERS_MS).unref();
    done();
  });
}

/** Registers the routes; apart from creating the server because WebSocket support must be there before any route. */
export async function registerRoutes(app: FastifyInstance, options: HttpOptions): Promise<void> {
  for (const routes of options.openRoutes) await app.register(routes);
  await app.register(async (scope) => {
    scope.addHook("onRequest", bearerGuard(options.metricsToken));
    const response = { 200: { content: { "text/plain": { schema: Type.String() } } } };
    scope.get(
      "/metrics",
      { schema: { tags: ["metrics"], summary: "Prometheus metrics", response } },
      async (_request, reply) => reply.type(options.metrics.contentType).send(await options.metrics.expose()),
    );
  });
  await app.register(
    async (scope) => {
      scope.addHook("onRequest", adminGuard(options));
      for (const routes of options.adminRoutes) await scope.register(routes);
    },
    { prefix: "/api" },
  );
}

function adminGuard(options: HttpOptions): ReturnType<typeof bearerGuard> {
  if (options.adminToken !== undefined || options.adminOpen) return bearerGuard(options.adminToken);
  return async () => {
    throw new LastseenError("not_found", "There is no such route.");
  };
}
