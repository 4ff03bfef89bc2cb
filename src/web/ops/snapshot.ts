import type { Api, Query } from "./api.js";
import type { Trouble } from "./attention.js";
import {
  readHealth,
  readRooms,
  readSessionPage,
  readStuck,
  type Health,
  type RoomRow,
  type SessionPage,
} from "./shapes.js";

/** Sessions in trouble that are shown in full; how many there are is told by the numbers. */
const MOST_IN_TROUBLE = 20;

/** Everything that the page shows, as the service told it at one moment. */
export interface Snapshot {
  readonly health: Health;
  readonly rooms: readonly RoomRow[];
  readonly page: SessionPage;
  readonly trouble: Trouble;
  /** On this page's own clock that no one sets, milliseconds. */
  readonly takenAt: number;
}

/** @throws as {@link Api.get} does */
export async function takeSnapshot(api: Api, query: Query): Promise<Snapshot> {
  const inState = (state: string): Promise<SessionPage> =>
    api.get(["sessions"], { state, limit: MOST_IN_TROUBLE }).then(readSessionPage);
  const [health, { rooms, missing }, page, ghosts, closing, stuck] = await Promise.all([
    api.get(["health"]).then(readHealth),
    api.get(["rooms"]).then(readRooms),
    api.get(["sessions"], query).then(readSessionPage),
    inState("ghost"),
    inState("closing"),
    api.get(["cleanups"]).then(readStuck),
  ]);
  const silent = new Set([...missing, ...page.missing, ...ghosts.missing, ...closing.missing]);
  const failing = Object.entries({ Media: health.checks.media, Redis: health.checks.redis })
    .filter(([, check]) => check === "failing")
    .map(([part]) => part);
  const trouble = { ghosts: ghosts.sessions, closing: closing.sessions, stuck, missing: [...silent], failing };
  return { health, rooms, page, trouble, takenAt: performance.now() };
}
