import type { Logger } from "pino";
import { agentGuard, agentPlane } from "../composition/agents.js";
import type { Stores } from "../composition/stores.js";
import type { Config } from "../config/load.js";
import type { HttpOptions } from "../http/server.js";
import type { Clock } from "../kernel/clock.js";
import { AgentPlane } from "../media/agents/agent-plane.js";
import { ExternalPlane } from "../media/external/external-plane.js";
import type { MediaLogger } from "../media/media-options.js";
import type { AgentDoor } from "./handshakes.js";
import type { Lastseen } from "./lastseen.js";
import type { LastseenOptions } from "./options.js";

/** The media of the application: in this process, or with `AGENT_TOKEN` in the processes of agents. */
export type ApplicationPlane = ExternalPlane | AgentPlane;

/** Begins to watch the mediasoup of this process, at once: the application may start a worker at any moment. */
export async function watchHere(
  { observer, workers = [] }: LastseenOptions,
  { clock, log }: { clock: Clock; log: MediaLogger },
): Promise<ExternalPlane> {
  const media = new ExternalPlane({ clock, logger: log, source: observer });
  try {
    await media.follow(workers);
  } catch (error) {
    await media.close();
    throw error;
  }
  return media;
}

/** The media is in the processes of agents. This process may be one of them. */
export function elsewhere(config: Config, stores: Stores, parts: { clock: Clock; log: Logger }): AgentPlane {
  const media = agentPlane(config, stores, parts);
  media.lookHere();
  return media;
}

/** Where agents come in; undefined when the media is in this process. */
export function doorFor(
  media: ApplicationPlane,
  { config, httpOptions, clock }: { config: Config; httpOptions: HttpOptions; clock: Clock },
): AgentDoor | undefined {
  if (!(media instanceof AgentPlane)) return undefined;
  return { entrance: media.entrance, guard: agentGuard(config, httpOptions), clock };
}

export function ownBy(media: ApplicationPlane): Lastseen["own"] {
  if (media instanceof ExternalPlane) return (sessionId, transport) => media.own(sessionId, transport);
  return () => {
    throw new Error(
      "With AGENT_TOKEN Lastseen sees media only through agents: name the session in the transport's appData.sessionId, " +
        "in a process that has an agent.",
    );
  };
}
