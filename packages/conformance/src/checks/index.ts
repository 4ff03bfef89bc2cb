import type { Check } from "../check.js";
import { closeChecks } from "./closes.js";
import { heartbeatChecks } from "./heartbeats.js";
import { roomChecks } from "./rooms.js";
import { sessionChecks } from "./sessions.js";

/** All checks, in the order of the report. */
export const ALL_CHECKS: readonly Check[] = [...sessionChecks, ...heartbeatChecks, ...closeChecks, ...roomChecks];
