/**
 * The domain put together on its ports, from the socket to the media. The service with a server of its own, the plugin and
 * the simulation all use this one function, so all three are the same service.
 */
import type { Cluster } from "../cluster/cluster.js";
import { Membership } from "../cluster/membership.js";
import { createTelephony, type Telephony } from "../call/telephony.js";
import { AwaitedSessions } from "../gateway/awaited-sessions.js";
import type { Gateway } from "../gateway/gateway.js";
import type { DisposalStack } from "../kernel/disposal-stack.js";
import { Refusals } from "../kernel/refusals.js";
import { Journal } from "../observability/journal.js";
import { readSources } from "../observability/read-sources.js";
import type { MetricSources } from "../observability/sources.js";
import { Timeline } from "../observability/timeline.js";
import { enforceBlocks } from "../reaper/enforce-blocks.js";
import { Reaper, type Departure } from "../reaper/reaper.js";
import { Reconciler } from "../reaper/reconciler.js";
import { departureSteps } from "../reaper/steps.js";
import { Sweeper } from "../reaper/sweeper.js";
import { Admission } from "../room/admission.js";
import { Adoption } from "../room/adoption.js";
import { DirectorySync, entryOf } from "../room/directory-sync.js";
import { MetadataChanges } from "../room/metadata-changes.js";
import { Blocks } from "../session/blocks.js";
import { followWatched } from "../room/watched.js";
import { createCluster } from "./cluster.js";
import type { Core } from "./core.js";
import { followSteps } from "./follow-steps.js";
import { createGateway } from "./gateway.js";
import type { ServicePorts } from "./service-ports.js";
import type { ServiceSettings } from "./settings.js";

/** So many sessions end before the event loop gets its turn again. */
const ENDS_IN_A_TURN = 50;

/** The parts of a running service. */
export interface Service extends Core {
  readonly admission: Admission;
  readonly adoption: Adoption;
  readonly reaper: Reaper;
  readonly sweeper: Sweeper;
  readonly reconciler: Reconciler;
  readonly gateway: Gateway;
  readonly telephony: Telephony;
  readonly timeline: Timeline;
  readonly sources: MetricSources;
  readonly refusals: Refusals;
  readonly blocks: Blocks;
  /** Undefined when this node is alone. */
  readonly cluster: Cluster | undefined;
  /** To be called several times a second. */
  lookForSilence(this: void): void;
  /**
   * Ends every session here. Sessions with which other nodes or the next start go on end only here; the others end as
   * `shutdown`. Resolves after the first attempt at each cleanup.
   */
  endSessions(): Promise<void>;
}

/**
 * Makes each part from the parts above it.
 *
 * @param disposals gets what must be closed, in the order in which it was opened
 */
export function createService(
  settings: ServiceSettings,
  ports: ServicePorts,
  core: Core,
  disposals: DisposalStack,
): Service {
  const { clock, random, directory, nodeName: name, bus, media } = ports;
  const { lifecycle, sweeps, clusterEvents, time, registry, liveness, sessions, rooms } = core;

  const membership =
    settings.cluster &&
    new Membership({ clock, directory, bus, name, url: settings.cluster.url, events: clusterEvents });
  const isSettled = (): boolean => membership?.isSettled ?? true;
  const directorySync = new DirectorySync({ directory, rooms, events: lifecycle, isSettled, told: ports.told });

  const departure = departureSteps({ rooms, directorySync, registry, liveness, events: lifecycle });
  const reaper = new Reaper({ clock, events: lifecycle, steps: [...departure, ...ports.cleanupSteps] });
  disposals.defer("reaper", () => reaper.close());
  const sweeper = new Sweeper({ clock, time, registry, liveness, reaper, lifecycle, events: sweeps });
  const reconciler = new Reconciler({ registry, rooms, media, directory, orphanClosed: ports.orphanClosed });
  followSteps({ core, bus, media, directorySync, reaper });
  const { blocks: most } = settings.limits;
  const blocks = new Blocks({ clock, list: ports.blocks, bus, most, events: lifecycle });
  disposals.defer("blocks", () => blocks.close());
  enforceBlocks({ events: lifecycle, blocks, registry, reaper });

  const admission = new Admission({
    rooms,
    media,
    directorySync,
    sessions,
    blocks,
    events: lifecycle,
    policy: settings.multiTabPolicy,
    end: (session, { reason }) => reaper.end(session, { reason }),
  });
  const telephony = createTelephony({
    clock,
    store: ports.calls,
    directory,
    bus,
    registry,
    blocks,
    events: lifecycle,
    ringTimeoutMs: settings.ringTimeoutMs,
  });
  disposals.defer("telephony", () => telephony.close());
  followWatched({
    events: lifecycle,
    rooms,
    liveness,
    registry,
    isInCall: (session) => telephony.known.snapshotOf(session) !== null,
  });
  const refusals = new Refusals({ log: ports.log, clock });
  const metadata = new MetadataChanges({ clock, rooms, changed: (session) => void directorySync.record(session) });
  disposals.defer("metadata", () => metadata.close());
  const parts = { settings, ports, core, metadata, reaper, admission, directorySync, telephony, membership, refusals };
  const find = (sessionIds: readonly string[]) => directory.findSessions(sessionIds);
  const awaited = membership && new AwaitedSessions({ clock, nodeId: settings.nodeId, events: lifecycle, find });
  if (awaited) disposals.defer("awaited sessions", () => awaited.close());
  const gateway = createGateway({ ...parts, awaited, blocks });

  const adoption = new Adoption({ rooms, media, sessions, events: lifecycle });
  const { rebalancePerSecond = 0 } = settings.cluster ?? {};
  const own = { core, adoption, directorySync, reaper };
  const cluster =
    membership && createCluster({ membership, clock, random, directory, bus, rebalancePerSecond, ...own });
  if (cluster) disposals.defer("cluster", () => cluster.close());

  const timeline = new Timeline();
  new Journal({ log: ports.journal, clock, liveness, timeline, nodeId: settings.nodeId }).follow(lifecycle, sweeps);
  const sources = readSources({
    registry,
    liveness,
    reaper,
    reconciler,
    time,
    pace: core.pace,
    sockets: core.sockets,
    rooms,
    media,
    gateway,
    calls: telephony.known,
    refusals,
    blocks,
  });
  return {
    ...core,
    admission,
    adoption,
    reaper,
    sweeper,
    reconciler,
    gateway,
    telephony,
    timeline,
    sources,
    refusals,
    blocks,
    cluster,
    lookForSilence: () => media.lookForSilence(core.pace.silenceMs),
    async endSessions() {
      const open = [...registry.all()].filter(({ status }) => status === "open");
      const areKept = await ports.keep?.(open.map(entryOf));
      const end: Departure =
        cluster?.hasHeirs || areKept ? { reason: "node_lost", givenUp: "handed_over" } : { reason: "shutdown" };
      const ends: Promise<boolean>[] = [];
      for (const session of registry.all()) {
        if (end.givenUp && session.status === "open") lifecycle.emit("given_up", { session, why: end.givenUp });
        ends.push(reaper.end(session, end));
        if (ends.length % ENDS_IN_A_TURN === 0) await clock.pollPhase();
      }
      await Promise.all(ends);
    },
  };
}
