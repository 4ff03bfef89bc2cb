/** Whose heartbeats are measured. Each system runs as it comes, and once more with heartbeats so rare that they cost nothing. */
import { PEERS } from "../detection/subjects/subject.js";

/** The language of a system's clients. */
export type Tongue = "lastseen" | "colyseus" | "socket.io";

export interface System {
  id: string;
  title: string;
  /** After which time without a sign of life the others are told, seconds. */
  noticed: string;
  tongue: Tongue;
  /** How many clients share a room. */
  roomSize: number;
  env: Readonly<Record<string, string>>;
  /** The same system without heartbeats. What it uses is no part of the cost of heartbeats. */
  quiet: string;
}

/** Longer than the measurement. */
const NEVER = "600000";
const ROOM_SIZE = 10;

const lastseenQuiet = {
  HEARTBEAT_INTERVAL_MS: NEVER,
  SOCKET_PING_INTERVAL_MS: NEVER,
  WATCHED_PING_INTERVAL_MS: NEVER,
  PROBE_INTERVAL_MS: NEVER,
  AWAY_AFTER_MS: "1300000",
  IDLE_TIMEOUT_MS: "2600000",
};

export const SYSTEMS: readonly System[] = [
  system("lastseen", "Lastseen, watched", "5–9, away", "lastseen", {}),
  { ...system("lastseen-alone", "Lastseen, not watched", "38", "lastseen", {}), roomSize: 1 },
  system("colyseus", "Colyseus", "6–9, gone", "colyseus", {}),
  system("socket.io-fast", "Socket.IO, 3 s + 5 s", "5–8, gone", "socket.io", {
    PING_INTERVAL_MS: "3000",
    PING_TIMEOUT_MS: "5000",
  }),
  system("socket.io", "Socket.IO", "20–45, gone", "socket.io", {}),
  system("lastseen-quiet", "", "", "lastseen", lastseenQuiet),
  system("colyseus-quiet", "", "", "colyseus", { PING_INTERVAL_MS: "0" }),
  system("socket.io-quiet", "", "", "socket.io", { PING_INTERVAL_MS: NEVER }),
];

/** Those with a row of their own. */
export const SHOWN: readonly System[] = SYSTEMS.filter(({ title }) => title !== "");

/** @param main the built service */
export function programOf({ tongue }: System, main: string): string {
  if (tongue === "lastseen") return main;
  return `${PEERS}servers/${tongue === "colyseus" ? "colyseus" : "socket-io"}.js`;
}

function system(id: string, title: string, noticed: string, tongue: Tongue, env: System["env"]): System {
  return { id, title, noticed, tongue, roomSize: ROOM_SIZE, env, quiet: `${tongue}-quiet` };
}
