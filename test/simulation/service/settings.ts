import { fileURLToPath } from "node:url";
import { loadConfig } from "../../../src/config/load.js";
import type { DuplicatePolicy } from "../../../src/room/duplicates.js";
import { settingsOf as settingsOfConfig, type ServiceSettings } from "../../../src/composition/settings.js";

/** The default settings of the service. */
const config = loadConfig({ LASTSEEN_ENV: "test" }, fileURLToPath(new URL("../../../config", import.meta.url)));

/** Settings and deadlines, in milliseconds. */
export const SETTINGS = {
  sweepMs: config.SWEEP_INTERVAL_MS,
  socketPingMs: config.SOCKET_PING_INTERVAL_MS,
  probeMs: config.PROBE_INTERVAL_MS,
  ringMs: config.CALL_RING_TIMEOUT_MS,
  helloMs: config.HELLO_TIMEOUT_MS,
  reconnectSpreadMs: 5_000,
} as const;

const delivered = settingsOfConfig(config);

export const POLICY = delivered.policy;

/** From which size on a room is large, and how many participants its list has. */
export type RoomSizes = Pick<ServiceSettings["limits"], "largeRoom" | "maxListed">;

/** The few people of a simulation make large rooms only when a large room is small. */
const ROOM_SIZES: readonly [RoomSizes, RoomSizes, RoomSizes] = [
  { largeRoom: delivered.limits.largeRoom, maxListed: delivered.limits.maxListed },
  { largeRoom: 2, maxListed: delivered.limits.maxListed },
  { largeRoom: 2, maxListed: 3 },
];

/** One run in three has the rooms of every day, one has large rooms, and one has large rooms with audience. */
export function roomSizesOf(seed: number): RoomSizes {
  return ROOM_SIZES[seed % ROOM_SIZES.length] ?? ROOM_SIZES[0];
}

export function settingsOf(nodeId: string, multiTabPolicy: DuplicatePolicy, sizes?: RoomSizes): ServiceSettings {
  return { ...delivered, nodeId, multiTabPolicy, limits: { ...delivered.limits, ...sizes } };
}
