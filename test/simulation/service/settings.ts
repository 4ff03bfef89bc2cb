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

export function settingsOf(nodeId: string, multiTabPolicy: DuplicatePolicy): ServiceSettings {
  return { ...delivered, nodeId, multiTabPolicy };
}
