/**
 * Lastseen inside an existing Fastify application that owns its mediasoup workers: the same service, but without its own server
 * and workers. See docs/plugin.md.
 */
import type { Server } from "node:http";
import type { FastifyInstance, FastifyPluginAsync } from "fastify";
import fastifyPlugin from "fastify-plugin";
import type { Logger } from "pino";
import { assemble, RECONNECT_SPREAD_MS } from "../composition/assemble.js";
import { type HttpOptions, registerRoutes } from "../http/server.js";
import { answerErrors } from "../http/error-handler.js";
import { checkRequests } from "../http/schemas.js";
import { acceptDeletesWithoutBody } from "../http/json-bodies.js";
import { protectAnswers } from "../http/answer-headers.js";
import { systemClock } from "../kernel/clock.js";
import { DisposalStack } from "../kernel/disposal-stack.js";
import { AgentPlane } from "../media/agents/agent-plane.js";
import { authenticateBy } from "./authenticate.js";
import { Handshakes } from "./handshakes.js";
import type { Lastseen } from "./lastseen.js";
import { doorFor, elsewhere, ownBy, watchHere, type ApplicationPlane } from "./media.js";
import { readOptions, type LastseenOptions } from "./options.js";
import { serializeAnswers } from "./schemas.js";
import { ServiceView } from "./service-view.js";

export type { AuthenticateHook, KnownUser } from "./authenticate.js";
export type { LastseenOptions, PluginSettings } from "./options.js";
export type { LastseenEvents, SessionInfo } from "./events.js";
export type { Lastseen } from "./lastseen.js";
export { ConfigError } from "../config/load.js";

declare module "fastify" {
  interface FastifyInstance {
    lastseen: Lastseen;
  }
}

/** Servers with a registered plugin. Two in one application would be two nodes that do not know each other. */
const registered = new WeakSet<Server>();

async function register(app: FastifyInstance, options: LastseenOptions): Promise<void> {
  if (registered.has(app.server)) {
    throw new Error("Lastseen is already registered in this application; register it once and use app.lastseen.");
  }
  const config = readOptions(options);
  const log = app.log.child({ part: "lastseen" });
  const disposals = new DisposalStack((error, part) => log.error({ err: error, part }, "could not be closed"));
  registered.add(app.server);
  disposals.defer("registration", () => void registered.delete(app.server));
  try {
    await open(app, options, { config, log, disposals });
  } catch (error) {
    await disposals.disposeAsync();
    throw error;
  }
}

async function open(
  app: FastifyInstance,
  options: LastseenOptions,
  {
    config,
    log,
    disposals,
  }: { config: ReturnType<typeof readOptions>; log: FastifyInstance["log"]; disposals: DisposalStack },
): Promise<void> {
  // The service uses only methods that every logger of Fastify has.
  const parts = { config, log: log as Logger, clock: systemClock };
  const here = config.AGENT_TOKEN === undefined ? await watchHere(options, parts) : undefined;
  disposals.defer("media here", () => here?.close());
  const { service, media, callers, httpOptions, run } = await assemble<ApplicationPlane>({
    ...parts,
    openMedia: (stores) => here ?? elsewhere(config, stores, parts),
    disposals,
    authenticate:
      options.authenticate &&
      authenticateBy(options.authenticate, (error) => log.info({ err: error }, "authenticate refused a client")),
  });

  const listenerFailed = (error: unknown, event: string): void => log.error({ err: error, event }, "a listener failed");
  const { isProxy } = httpOptions;
  const own = ownBy(media);
  const view = new ServiceView({ service, own, nodeId: config.NODE_ID, callers, listenerFailed, isProxy });
  app.decorate("lastseen", view);
  /** Disposed of while the application still answers, because its server would wait for our sockets. */
  const running = new DisposalStack((error, part) => log.error({ err: error, part }, "could not be closed"));
  disposals.defer("running", () => running.disposeAsync());
  running.defer("sessions", () => service.endSessions());
  await app.register(
    async (scope) => {
      const handshakes = await Handshakes.open(scope, {
        gateway: service.gateway,
        isOriginAllowed: httpOptions.isOriginAllowed,
        refused: httpOptions.refused,
        reconnectSpreadMs: RECONNECT_SPREAD_MS,
        agents: doorFor(media, { ...parts, httpOptions }),
        log,
      });
      running.defer("sockets", () => handshakes.close());
      // Agents come back to another node, or when this application has started again.
      running.defer("agents", () => media instanceof AgentPlane && media.stop());
      app.addHook("onReady", async () => handshakes.start());
      await addRoutes(scope, httpOptions);
    },
    { prefix: options.prefix ?? "" },
  );
  app.addHook("onReady", () => run.start(running));
  app.addHook("preClose", () => running.disposeAsync());
  app.addHook("onClose", () => disposals.disposeAsync());
}

/** Adds the routes. Only on these routes errors are answered in the form of the service. */
async function addRoutes(scope: FastifyInstance, options: HttpOptions): Promise<void> {
  answerErrors(scope, options.refused);
  protectAnswers(scope);
  acceptDeletesWithoutBody(scope);
  checkRequests(scope);
  serializeAnswers(scope);
  await registerRoutes(scope, options);
}

/** Registers the service: `await app.register(lastseen, { prefix: "/presence", settings: { … } })`. */
export const lastseen: FastifyPluginAsync<LastseenOptions> = fastifyPlugin(register, {
  name: "lastseen",
  fastify: "5.x",
});
