import { fileURLToPath } from "node:url";
import { loadConfig } from "../../../src/config/load.js";
import type { DuplicatePolicy } from "../../../src/room/duplicates.js";
import type { ServiceSettings } from "../../../src/composition/service.js";
import { livenessPolicy } from "../../../src/session/policy.js";

/** The service as it is delivered. */
const config = loadConfig({ LASTSEEN_ENV: "test" }, fileURLToPath(new URL("../../../config", import.meta.url)));

/** Settings and deadlines, in milliseconds. */
export const SETTINGS = {
  sweepMs: config.SWEEP_INTERVAL_MS,
  socketPingMs: config.SOCKET_PING_INTERVAL_MS,
  ringMs: config.CALL_RING_TIMEOUT_MS,
  helloMs: config.HELLO_TIMEOUT_MS,
  reconnectSpreadMs: 5_000,
} as const;

export const POLICY = livenessPolicy({
  awayAfterMs: config.AWAY_AFTER_MS,
  idleTimeoutMs: config.IDLE_TIMEOUT_MS,
  resumeGraceMs: config.RESUME_GRACE_MS,
  reloadGraceMs: config.RELOAD_GRACE_MS,
});

export function settingsOf(nodeId: string, multiTabPolicy: DuplicatePolicy): ServiceSettings {
  return {
    nodeId,
    cluster: undefined,
    policy: POLICY,
    heartbeat: {
      intervalMs: config.HEARTBEAT_INTERVAL_MS,
      idleTimeoutMs: config.IDLE_TIMEOUT_MS,
      sweepIntervalMs: config.SWEEP_INTERVAL_MS,
      resumeGraceMs: config.RESUME_GRACE_MS,
    },
    helloTimeoutMs: config.HELLO_TIMEOUT_MS,
    socketPingIntervalMs: config.SOCKET_PING_INTERVAL_MS,
    multiTabPolicy,
    ringTimeoutMs: config.CALL_RING_TIMEOUT_MS,
    limits: {
      maxRooms: config.MAX_ROOMS,
      maxRoomSize: config.MAX_ROOM_SIZE,
      connections: config.MAX_CONNECTIONS,
      messagesPerSecond: config.MAX_MESSAGES_PER_SECOND,
    },
  };
}
