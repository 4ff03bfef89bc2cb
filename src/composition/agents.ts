/** The service whose media is in the processes of agents: its plane, and the route where they connect. */
import type { FastifyInstance, onRequestAsyncHookHandler } from "fastify";
import type { Logger } from "pino";
import { AGENT_PATH } from "@lastseen/protocol/agent";
import type { Config } from "../config/load.js";
import { registerAgents } from "../gateway/agents/agents-route.js";
import { bearerGuard } from "../http/guard.js";
import type { HttpOptions } from "../http/server.js";
import type { Clock } from "../kernel/clock.js";
import { AgentPlane } from "../media/agents/agent-plane.js";
import type { Stores } from "./stores.js";
import { VERSION } from "./version.js";

/** The paths of WebSockets beside that of the clients. */
export const AGENT_PATHS = [AGENT_PATH] as const;

export function agentPlane(
  config: Config,
  { bus, directory }: Pick<Stores, "bus" | "directory">,
  { clock, log }: { clock: Clock; log: Logger },
): AgentPlane {
  return new AgentPlane({ clock, bus, directory, logger: log, version: VERSION, silenceMs: config.MEDIA_SILENCE_MS });
}

/** Lets only requests with `AGENT_TOKEN` through. */
export function agentGuard(config: Config, httpOptions: HttpOptions): onRequestAsyncHookHandler {
  return bearerGuard("AGENT_TOKEN", config.AGENT_TOKEN, httpOptions);
}

/** Lets agents in. When the service stops they are told, and come back to another node or to the next start. */
export function openAgents(
  http: FastifyInstance,
  media: AgentPlane,
  parts: { config: Config; httpOptions: HttpOptions; clock: Clock; log: Logger },
): void {
  const { config, httpOptions, clock, log } = parts;
  registerAgents(http, { entrance: media.entrance, guard: agentGuard(config, httpOptions), clock, log });
  http.addHook("preClose", (done) => {
    media.stop();
    done();
  });
}
