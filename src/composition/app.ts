/**
 * The service with a server of its own: media workers, HTTP and WebSocket around the parts that `assemble.ts` puts
 * together. They are closed in the opposite order.
 */
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import { assemble, RECONNECT_SPREAD_MS } from "./assemble.js";
import type { Telephony } from "../call/telephony.js";
import { ConfigError, type Config } from "../config/load.js";
import type { Gateway } from "../gateway/gateway.js";
import { addressBehind } from "../gateway/peer.js";
import { registerWebSocket } from "../gateway/ws-route.js";
import { boundClose, createHttpServer, registerRoutes } from "../http/server.js";
import { systemClock, type Clock } from "../kernel/clock.js";
import { DisposalStack } from "../kernel/disposal-stack.js";
import { AGENT_PATHS, agentPlane, openAgents } from "./agents.js";
import { listen } from "./listen.js";
import { AgentPlane } from "../media/agents/agent-plane.js";
import { createMediaPlane } from "../media/create.js";
import { whyNoProgram } from "../media/workers/worker-binary.js";
import type { Timeline } from "../observability/timeline.js";
import type { Reaper } from "../reaper/reaper.js";
import type { Sweeper } from "../reaper/sweeper.js";
import type { Rooms } from "../room/rooms.js";
import type { MediaPlane } from "../ports/media-plane.js";
import type { SessionRegistry } from "../session/registry.js";
import type { Stores } from "./stores.js";
import { unfitError } from "./unfit.js";

/** The running service. Tests and tools look at its parts; everybody else uses its ports. */
export interface App {
  readonly http: FastifyInstance;
  readonly registry: SessionRegistry;
  readonly rooms: Rooms;
  readonly media: MediaPlane;
  readonly reaper: Reaper;
  readonly sweeper: Sweeper;
  readonly gateway: Gateway;
  readonly telephony: Telephony;
  readonly timeline: Timeline;
  /** Calls the listener when this process must not be a node any more, with the reason. Its owner has to close it. */
  onUnfit(listener: (reason: ConfigError) => void): void;
  /** Opens the port and returns its number. Rejects with a `StartError` when the port can't be opened. */
  listen(): Promise<number>;
  /** Tells the clients, closes their sockets and frees their media. Idempotent; bounded in time. */
  close(): Promise<void>;
}

/**
 * Starts the service, but does not open its port yet.
 *
 * @throws ConfigError, StartError
 */
export async function buildApp(config: Config, log: Logger, clock: Clock = systemClock): Promise<App> {
  const disposals = new DisposalStack((error, name) => log.error({ err: error, part: name }, "could not be closed"));
  try {
    return await compose(config, log, clock, disposals);
  } catch (error) {
    await disposals.disposeAsync();
    throw error;
  }
}

async function compose(config: Config, log: Logger, clock: Clock, disposals: DisposalStack): Promise<App> {
  refuseUnusableWorker(config);
  const openMedia = (stores: Stores): Promise<MediaPlane> =>
    config.AGENT_TOKEN === undefined
      ? createMediaPlane(config, process.env, clock, log)
      : Promise.resolve(agentPlane(config, stores, { clock, log }));
  const { service, media, httpOptions, run } = await assemble({ config, log, clock, openMedia, disposals });
  const { gateway } = service;
  const http = await createHttpServer(httpOptions);
  disposals.defer("sessions", () => service.endSessions());
  disposals.defer("http", () => http.close());
  const { isOriginAllowed, isProxy } = httpOptions;
  await registerWebSocket(http, {
    gateway,
    isOriginAllowed,
    addressOf: ({ socket, headers }) => addressBehind(socket.remoteAddress ?? "", headers, isProxy),
    reconnectSpreadMs: RECONNECT_SPREAD_MS,
    morePaths: AGENT_PATHS,
  });
  if (media instanceof AgentPlane) openAgents(http, media, { config, httpOptions, clock, log });
  boundClose(http);
  await registerRoutes(http, httpOptions);
  await http.ready();
  await run.start(disposals);

  const { registry, rooms, reaper, sweeper, telephony, timeline } = service;
  return {
    http,
    registry,
    rooms,
    media,
    reaper,
    sweeper,
    gateway,
    telephony,
    timeline,
    onUnfit(listener) {
      service.clusterEvents.on("unfit", (unfit) => listener(unfitError(unfit, config)));
    },
    listen: () => listen(http, "PORT", { port: config.PORT, host: config.HOST }),
    close: () => disposals.disposeAsync(),
  };
}

/** The schema of the settings cannot look at files, so the file of the worker program is checked here. */
function refuseUnusableWorker({ MEDIASOUP_WORKER_BIN: path, SFU_WORKERS }: Config): void {
  const problem = path !== undefined && SFU_WORKERS > 0 ? whyNoProgram(path) : undefined;
  if (problem !== undefined) throw new ConfigError([`MEDIASOUP_WORKER_BIN ${path} ${problem}`]);
}
