import type { MediaSight } from "../../ports/media-plane.js";
import type { KnownAgent, KnownAgents } from "./known-agents.js";

const NO_AGENT =
  "No agent is connected, so Lastseen can't tell whether media of ended sessions is left. " +
  "Start @lastseen/agent in each process that has mediasoup.";
/** So many agents are named in a warning. */
const MOST_NAMED = 5;

/** Whether the agents together see all media. When one of them is away, nobody knows what its process has. */
export function sightOf(all: readonly KnownAgent[]): MediaSight {
  const agents = all.filter(({ isGivenUp }) => !isGivenUp);
  const away = agents.filter(({ state }) => state === "away");
  const blind = agents.find(({ unseenWhy }) => unseenWhy !== undefined);
  if (agents.length === 0) return { state: "unseen", why: NO_AGENT };
  if (away.length > 0) {
    const why = `Nobody hears ${namesOf(away)}: its process has stopped, or the network is cut. What media it has is unknown.`;
    return { state: "unseen", why };
  }
  if (blind) return { state: "unseen", why: `${nameOf(blind)}: ${blind.unseenWhy}` };
  return { state: "seen" };
}

/** What operators should know beside that. */
export function warningsOf({ sharedNames }: Pick<KnownAgents, "sharedNames">): string[] {
  return sharedNames.map(
    (name) =>
      `Several agents have the name ${JSON.stringify(name)}. Each works, but give each process its own name to tell them apart.`,
  );
}

function namesOf(agents: readonly KnownAgent[]): string {
  const named = agents.slice(0, MOST_NAMED).map(nameOf).join(", ");
  return agents.length > MOST_NAMED ? `${named} and ${agents.length - MOST_NAMED} more` : named;
}

function nameOf({ name, host }: KnownAgent): string {
  return `the agent ${JSON.stringify(name)} on ${host}`;
}
