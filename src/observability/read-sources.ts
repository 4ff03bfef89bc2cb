import type { KnownCalls } from "../call/known-calls.js";
import type { Gateway } from "../gateway/gateway.js";
import type { SocketWatch } from "../gateway/socket-watch.js";
import type { Reaper } from "../reaper/reaper.js";
import type { Reconciler } from "../reaper/reconciler.js";
import type { Rooms } from "../room/rooms.js";
import type { Liveness } from "../session/liveness.js";
import type { MediaKind, MediaPlane } from "../ports/media-plane.js";
import type { Blocks } from "../session/blocks.js";
import type { ProbePace } from "../session/probe-pace.js";
import type { SessionRegistry } from "../session/registry.js";
import type { VirtualTime } from "../kernel/virtual-time.js";
import type { Refusals } from "../kernel/refusals.js";
import type { MetricSources } from "./sources.js";

/** Where each metric's number comes from. */
export function readSources(parts: {
  registry: SessionRegistry;
  liveness: Liveness;
  reaper: Reaper;
  reconciler: Reconciler;
  time: VirtualTime;
  pace: ProbePace;
  sockets: SocketWatch;
  rooms: Rooms;
  media: MediaPlane;
  gateway: Gateway;
  calls: KnownCalls;
  refusals: Refusals;
  blocks: Pick<Blocks, "size">;
}): MetricSources {
  const { registry, liveness, reaper, reconciler, time, pace, sockets, rooms, media, gateway } = parts;
  const { calls, refusals, blocks } = parts;
  return {
    sessions: () => {
      const counts = { present: 0, away: 0, ghost: 0, closing: reaper.endingSessions };
      for (const session of registry.all()) {
        if (session.status === "open") counts[session.shown] += 1;
      }
      for (const session of liveness.overdue().sessions) {
        counts[session.shown] -= 1;
        counts.ghost += 1;
      }
      return counts;
    },
    oldestGhostAgeSeconds: () => liveness.overdue().oldestMs / 1000,
    stuckSessions: () => reaper.stuck.length,
    cleanupRetries: () => reaper.retries,
    stallCreditSeconds: () => time.creditMs / 1000,
    falseAways: () => liveness.probes.falseAways,
    probing: () => ({
      watched: pace.watched,
      intervalMs: pace.pingMs,
      questions: { socket: sockets.counts, page: liveness.probes.ofPages, media: liveness.probes.ofMedia },
    }),
    connections: () => gateway.connectionCount,
    rooms: () => rooms.size,
    participants: () => rooms.participantCount,
    audience: () => rooms.audienceCount,
    calls: () => calls.counts(),
    media: () => media.counts(),
    orphans: () => {
      const counts: Record<MediaKind, number> = { router: 0, transport: 0, producer: 0, consumer: 0 };
      for (const { kind } of reconciler.orphans()) counts[kind] += 1;
      return counts;
    },
    foreignMedia: () => reconciler.foreign(),
    messagesReceived: () => gateway.counters.messagesReceived,
    heartbeats: () => gateway.counters.heartbeats,
    messagesRejected: () => gateway.counters.rejected,
    socketCloses: () => gateway.counters.closes,
    refused: () => refusals.counts,
    blocks: () => blocks.size,
    unreadBytes: () => gateway.unread.total(),
  };
}
