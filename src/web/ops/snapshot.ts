import { readAgents, type AgentRow } from "./agent-shapes.js";
import type { Api, Query } from "./api.js";
import {
  readBlocks,
  readHealth,
  readNodes,
  readRooms,
  readSessionPage,
  readStuck,
  type BlockRow,
  type Health,
  type NodeRow,
  type RoomRow,
  type SessionPage,
  type SessionRow,
  type Stuck,
} from "./shapes.js";

/** How many ghosts, and how many sessions being cleaned up, are shown in full. */
const MOST_IN_TROUBLE = 20;

/** What needs an operator's attention. */
export interface Trouble {
  readonly ghosts: readonly SessionRow[];
  readonly closing: readonly SessionRow[];
  readonly stuck: readonly Stuck[];
  /** Nodes that did not answer. */
  readonly missing: readonly string[];
  /** Agents that are away, or may not see all media of their process. */
  readonly agents: readonly AgentRow[];
  /** Parts of the service that do not work. */
  readonly failing: readonly string[];
}

/** Everything that the page shows, as the service told it at one moment. */
export interface Snapshot {
  readonly health: Health;
  readonly nodes: readonly NodeRow[];
  readonly agents: readonly AgentRow[];
  readonly rooms: readonly RoomRow[];
  readonly page: SessionPage;
  readonly blocks: readonly BlockRow[];
  readonly trouble: Trouble;
  /** When the answers came, as `performance.now()` tells it, milliseconds. */
  readonly takenAt: number;
}

/** @throws as {@link Api.get} does */
export async function takeSnapshot(api: Api, query: Query): Promise<Snapshot> {
  const inState = (state: string): Promise<SessionPage> =>
    api.get(["sessions"], { state, limit: MOST_IN_TROUBLE }).then(readSessionPage);
  const [health, nodes, { agents, ...those }, { rooms, missing }, page, ghosts, closing, stuck, blocks] =
    await Promise.all([
      api.get(["health"]).then(readHealth),
      api.get(["nodes"]).then(readNodes),
      api.get(["agents"]).then(readAgents),
      api.get(["rooms"]).then(readRooms),
      api.get(["sessions"], query).then(readSessionPage),
      inState("ghost"),
      inState("closing"),
      api.get(["cleanups"]).then(readStuck),
      api.get(["blocks"]).then(readBlocks),
    ]);
  const silent = new Set([...missing, ...those.missing, ...page.missing, ...ghosts.missing, ...closing.missing]);
  const { media, redis, webhook } = health.checks;
  const failing = Object.entries({ Media: media, Redis: redis, "The webhook": webhook })
    .filter(([, check]) => check === "failing")
    .map(([part]) => part);
  const trouble = {
    ghosts: ghosts.sessions,
    closing: closing.sessions,
    stuck,
    missing: [...silent],
    agents: agents.filter(({ state, unseenWhy }) => state !== "connected" || unseenWhy !== null),
    failing,
  };
  return { health, nodes, agents, rooms, page, blocks, trouble, takenAt: performance.now() };
}
