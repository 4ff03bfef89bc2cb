import { pino } from "pino";
import { trustEverybody } from "../../src/gateway/authenticate.js";
import type { Clock } from "../../src/kernel/clock.js";
import { DisposalStack } from "../../src/kernel/disposal-stack.js";
import { NoMedia } from "../../src/media/no-media.js";
import { MemoryBlocks } from "../../src/memory/memory-blocks.js";
import { MemoryCalls } from "../../src/memory/memory-calls.js";
import { MemoryBus, MemoryHub } from "../../src/memory/memory-bus.js";
import { MemoryDirectory } from "../../src/memory/memory-directory.js";
import { MemoryStore } from "../../src/memory/memory-store.js";
import type { CloseName } from "@lastseen/protocol";
import type { CleanupStep } from "../../src/reaper/cleanup.js";
import { createCore } from "../../src/composition/core.js";
import { createService, type Service } from "../../src/composition/service.js";
import type { ServiceSettings } from "../../src/composition/settings.js";
import type { BlockList } from "../../src/ports/block-list.js";
import type { Bus } from "../../src/ports/bus.js";
import type { CallStore } from "../../src/ports/call-store.js";
import type { Directory } from "../../src/ports/directory.js";
import { livenessPolicy } from "../../src/session/policy.js";
import type { MediaPlane } from "../../src/ports/media-plane.js";
import type { SessionConnection } from "../../src/session/session-connection.js";
import type { Session } from "../../src/session/session.js";
import { ManualClock } from "./manual-clock.js";

export const POLICY = livenessPolicy({
  awayAfterMs: 45_000,
  idleTimeoutMs: 120_000,
  resumeGraceMs: 20_000,
  reloadGraceMs: 5_000,
  probeAnswerMs: 10_000,
  unawareMs: 45_000,
});

const SILENT = pino({ level: "silent" });

const SETTINGS: Omit<ServiceSettings, "nodeId" | "cluster"> = {
  policy: POLICY,
  heartbeat: { intervalMs: 30_000, idleTimeoutMs: 120_000, sweepIntervalMs: 30_000, resumeGraceMs: 20_000 },
  helloTimeoutMs: 10_000,
  socketPingIntervalMs: 15_000,
  probes: { intervals: { pingMs: 3_000, probeMs: 10_000, silenceMs: 3_000 }, budgetPerSecond: 2_000 },
  multiTabPolicy: "transfer",
  ringTimeoutMs: 30_000,
  limits: {
    maxRooms: 1_000,
    maxRoomSize: 100,
    maxListed: 150,
    largeRoom: 100,
    connectionsPerAddress: 20_000,
    sessionsPerUser: 20,
    bufferedBytes: 268_435_456,
    connections: 10_000,
    messagesPerSecond: 50,
    blocks: 1_000,
  },
};

/** A connection that records the calls of the service. */
export class RecordingConnection implements SessionConnection {
  readonly frames: { type?: string; data?: Record<string, unknown> }[] = [];
  lastPongMono: number | undefined = undefined;
  closedAs: CloseName | undefined;
  demanded = 0;

  send(frame: string | Buffer): void {
    if (this.closedAs !== undefined) return;
    this.frames.push(JSON.parse(String(frame)) as { type?: string });
  }

  sendEvent(type: string, data: object): void {
    this.send(JSON.stringify({ type, data }));
  }

  paceChanged(): void {}

  demandPong(): void {
    this.demanded += 1;
  }

  close(name: CloseName): void {
    this.closedAs ??= name;
  }

  types(): (string | undefined)[] {
    return this.frames.map(({ type }) => type);
  }
}

interface WorldOptions {
  clock?: ManualClock;
  /** This node's own clock, when it can stand still while the other nodes run. */
  ownTime?: Clock;
  nodeId?: string;
  cluster?: { url: string | undefined; random: () => number; rebalancePerSecond?: number };
  directory?: (clock: Clock) => Directory;
  bus?: Bus;
  calls?: CallStore;
  blocks?: BlockList;
  media?: MediaPlane;
  limits?: Partial<ServiceSettings["limits"]>;
  /** So many questions a second the node may put to watched sessions. */
  probesPerSecond?: number;
  /** More steps for every cleanup, after the real ones. */
  extraSteps?: readonly CleanupStep[];
}

/** The service as the composition builds it, without sockets and HTTP, on a clock that the test moves. */
export class World {
  readonly clock: ManualClock;
  readonly directory: Directory;
  readonly service: Service;
  readonly log: { step: string; userId: string; why?: string }[] = [];
  readonly errors: unknown[] = [];
  readonly #disposals = new DisposalStack((error) => this.errors.push(error));

  constructor(options: WorldOptions = {}) {
    const { nodeId = "node", media = new NoMedia() } = options;
    this.clock = options.clock ?? new ManualClock();
    this.directory =
      options.directory?.(options.ownTime ?? this.clock) ?? new MemoryDirectory(new MemoryStore(this.clock), nodeId);
    const listenerFailed = (error: unknown): void => void this.errors.push(error);
    const cluster = options.cluster && { rebalancePerSecond: 0, ...options.cluster };
    const limits = { ...SETTINGS.limits, ...options.limits };
    const { probesPerSecond = SETTINGS.probes.budgetPerSecond } = options;
    const probes = { ...SETTINGS.probes, budgetPerSecond: probesPerSecond };
    const settings = { ...SETTINGS, limits, probes, nodeId, cluster };
    const clock = options.ownTime ?? this.clock;
    this.service = createService(
      settings,
      {
        clock,
        random: options.cluster?.random ?? Math.random,
        directory: this.directory,
        nodeName: undefined,
        bus: options.bus ?? new MemoryBus(new MemoryHub(), nodeId, listenerFailed),
        calls: options.calls ?? new MemoryCalls(this.clock),
        blocks: options.blocks ?? new MemoryBlocks(this.clock),
        media,
        authenticate: trustEverybody,
        cleanupSteps: options.extraSteps ?? [],
        journal: SILENT,
        log: SILENT,
        listenerFailed,
        heartbeatGap: () => {},
        orphanClosed: () => {},
      },
      createCore(settings, clock, listenerFailed),
      this.#disposals,
    );
    if (!options.cluster) void this.directory.register(undefined);
    const { lifecycle } = this.service;
    lifecycle.on("away", ({ session, cause }) => this.#note("away", session, cause));
    lifecycle.on("back", ({ session, cause }) => this.#note("back", session, cause));
    lifecycle.on("left", ({ session, reason }) => this.#note("left", session, reason));
    lifecycle.on("ended", ({ session, reason }) => this.#note("ended", session, reason));
    lifecycle.on("cleaned", ({ session, result }) => this.#note("cleaned", session, result));
    lifecycle.on("adopted", ({ session, fromNodeId }) => this.#note("adopted", session, fromNodeId));
    lifecycle.on("given_up", ({ session, why }) => this.#note("given up", session, why));
  }

  get time(): Service["time"] {
    return this.service.time;
  }

  get events(): Service["lifecycle"] {
    return this.service.lifecycle;
  }

  get sweeps(): Service["sweeps"] {
    return this.service.sweeps;
  }

  get registry(): Service["registry"] {
    return this.service.registry;
  }

  get liveness(): Service["liveness"] {
    return this.service.liveness;
  }

  get sessions(): Service["sessions"] {
    return this.service.sessions;
  }

  get rooms(): Service["rooms"] {
    return this.service.rooms;
  }

  get reaper(): Service["reaper"] {
    return this.service.reaper;
  }

  get sweeper(): Service["sweeper"] {
    return this.service.sweeper;
  }

  get admission(): Service["admission"] {
    return this.service.admission;
  }

  async open(userId: string, roomId?: string): Promise<{ session: Session; connection: RecordingConnection }> {
    const connection = new RecordingConnection();
    const identity = { userId, name: userId, rooms: undefined, calls: true, expiresAt: Infinity };
    const session = this.sessions.open(identity, `tab-${userId}`, connection);
    if (roomId !== undefined) {
      const request = { session, connection, roomId, metadata: undefined, onDuplicate: undefined };
      await this.admission.admit(request, () => {});
    }
    return { session, connection };
  }

  /** Lets time pass with a watch every 250 ms and a sweep every 30 s. Calls `each` before each watch. */
  async run(ms: number, each: () => void = () => undefined): Promise<void> {
    for (let passed = 0; passed < ms; passed += 250) {
      await this.clock.advance(250);
      each();
      await this.sweeper.watch();
      if (Math.floor(this.clock.mono() / 30_000) > Math.floor((this.clock.mono() - 250) / 30_000)) {
        await this.sweeper.sweep();
      }
      await this.clock.advance(0);
    }
  }

  close(): Promise<void> {
    return this.#disposals.disposeAsync();
  }

  steps(userId: string): string[] {
    return this.log.filter((entry) => entry.userId === userId).map(({ step, why }) => `${step}: ${why}`);
  }

  #note(step: string, session: Session, why: string): void {
    this.log.push({ step, userId: session.userId, why });
  }
}
