import type { ErrorCode } from "@lastseen/protocol";
import type { RefusalReason } from "../kernel/refusals.js";
import type { Answers } from "../session/probes.js";
import type { MediaKind } from "../ports/media-plane.js";

/** What the metrics read at each scrape: the present state for the gauges, and the counts that other parts keep. */
export interface MetricSources {
  sessions(): Record<"present" | "away" | "ghost" | "closing", number>;
  oldestGhostAgeSeconds(): number;
  stuckSessions(): number;
  cleanupRetries(): number;
  stallCreditSeconds(): number;
  falseAways(): number;
  /** What watched sessions are asked. */
  probing(): {
    watched: number;
    /** Between two WebSocket pings. */
    intervalMs: number;
    questions: Record<"socket" | "page" | "media", Readonly<Answers>>;
  };
  connections(): number;
  rooms(): number;
  participants(): number;
  audience(): number;
  calls(): Record<"ringing" | "active", number>;
  media(): { workers: number } & Record<MediaKind, number>;
  orphans(): Record<MediaKind, number>;
  foreignMedia(): Record<Exclude<MediaKind, "router">, number>;
  messagesReceived(): number;
  heartbeats(): number;
  messagesRejected(): ReadonlyMap<ErrorCode, number>;
  socketCloses(): ReadonlyMap<number, number>;
  refused(): ReadonlyMap<RefusalReason, number>;
  /** Of all nodes: every node gives the same number. */
  blocks(): number;
  unreadBytes(): number;
}
