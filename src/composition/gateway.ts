import type { Telephony } from "../call/telephony.js";
import type { Membership } from "../cluster/membership.js";
import { Beats } from "../gateway/beats.js";
import type { AwaitedSessions } from "../gateway/awaited-sessions.js";
import { UserLimit } from "../gateway/budget/user-limit.js";
import { Gateway } from "../gateway/gateway.js";
import { callHandlers, guardCallRooms } from "../gateway/handlers/call.js";
import { helloHandler } from "../gateway/handlers/hello.js";
import { mediaHandlers } from "../gateway/handlers/media.js";
import { roomHandlers } from "../gateway/handlers/room.js";
import type { Refusals } from "../kernel/refusals.js";
import type { Reaper } from "../reaper/reaper.js";
import type { Admission } from "../room/admission.js";
import type { DirectorySync } from "../room/directory-sync.js";
import type { MetadataChanges } from "../room/metadata-changes.js";
import type { Blocks } from "../session/blocks.js";
import type { Core } from "./core.js";
import type { ServicePorts } from "./service-ports.js";
import type { ServiceSettings } from "./settings.js";

/** The gateway with a handler for each type of message. */
export function createGateway(parts: {
  settings: ServiceSettings;
  ports: ServicePorts;
  core: Core;
  reaper: Reaper;
  admission: Admission;
  directorySync: DirectorySync;
  telephony: Telephony;
  /** Undefined when this node is alone. */
  membership: Membership | undefined;
  /** Undefined when this node is alone. */
  awaited: AwaitedSessions | undefined;
  refusals: Refusals;
  metadata: MetadataChanges;
  blocks: Blocks;
}): Gateway {
  const { settings, ports, core, reaper, admission, directorySync, telephony, membership } = parts;
  const { awaited, refusals, metadata, blocks } = parts;
  const { rooms, registry, sessions, liveness, sockets } = core;
  const beats = new Beats(settings.heartbeat.intervalMs, core.pace);
  const hello = helloHandler({
    clock: ports.clock,
    authenticate: ports.authenticate,
    sessions,
    registry,
    rooms,
    blocks,
    userLimit: new UserLimit({
      clock: ports.clock,
      most: settings.limits.sessionsPerUser,
      sessionsOf: (userId) => registry.countOf(userId),
      refusals,
    }),
    nodeId: settings.nodeId,
    heartbeat: settings.heartbeat,
    beats,
    calls: {
      snapshotOf: (session) => telephony.known.snapshotOf(session),
      settled: (session) => telephony.sessions.whenKnown(session),
    },
    locate: membership && ((sessionId) => ports.directory.findSession(sessionId)),
    awaited,
    urlElsewhere: membership && ((roomId) => directorySync.urlElsewhere(roomId)),
    isStoreAway: () => membership?.isStoreAway ?? false,
  });
  const inRooms = roomHandlers({
    admission,
    rooms,
    reaper,
    metadata,
  });
  return new Gateway({
    log: ports.log,
    clock: ports.clock,
    random: ports.random,
    watch: sockets,
    sessions,
    liveness,
    hello,
    beats,
    handlers: {
      ...inRooms,
      join: guardCallRooms(telephony, inRooms.join),
      ...mediaHandlers,
      ...callHandlers(telephony),
    },
    limits: settings.limits,
    refusals,
    heartbeatGap: ports.heartbeatGap,
  });
}
