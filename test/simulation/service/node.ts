/**
 * One server process: the real parts, put together in the order of `src/app.ts`, on a simulated event loop, with a
 * simulated media plane, store and sockets under them. HTTP is left out; what its routes call is called directly.
 */
import type { Logger } from "pino";
import { trustEverybody, type Authenticate } from "../../../src/gateway/authenticate.js";
import { Gateway } from "../../../src/gateway/gateway.js";
import { helloHandler } from "../../../src/gateway/handlers/hello.js";
import { mediaHandlers } from "../../../src/gateway/handlers/media.js";
import { roomHandlers } from "../../../src/gateway/handlers/room.js";
import type { Clock } from "../../../src/kernel/clock.js";
import { Emitter } from "../../../src/kernel/emitter.js";
import { Releasers } from "../../../src/kernel/releasers.js";
import { Journal } from "../../../src/observability/journal.js";
import { readSources } from "../../../src/observability/read-sources.js";
import type { MetricSources } from "../../../src/observability/sources.js";
import { Timeline } from "../../../src/observability/timeline.js";
import { Reaper } from "../../../src/reaper/reaper.js";
import { Reconciler } from "../../../src/reaper/reconciler.js";
import { departureSteps } from "../../../src/reaper/steps.js";
import { Sweeper, type SweeperEvents } from "../../../src/reaper/sweeper.js";
import { Admission } from "../../../src/room/admission.js";
import type { DuplicatePolicy } from "../../../src/room/duplicates.js";
import { announceMedia } from "../../../src/room/media-announcer.js";
import { Registrar } from "../../../src/room/registrar.js";
import { Rooms } from "../../../src/room/rooms.js";
import type { LifecycleEvents } from "../../../src/session/events.js";
import { Liveness } from "../../../src/session/liveness.js";
import { SessionRegistry } from "../../../src/session/registry.js";
import { Sessions } from "../../../src/session/sessions.js";
import { VirtualTime } from "../../../src/session/virtual-time.js";
import { EventLoop } from "../world/event-loop.js";
import type { Peer } from "../world/peer.js";
import type { ServerSocket, SocketWitness } from "../world/server-socket.js";
import type { World } from "../world/world.js";
import { SimulatedMediaPlane } from "./media-plane.js";
import { WatchedSockets } from "./watched-sockets.js";
import { LONGEST_STEP_MS, Rhythm } from "./rhythm.js";
import { POLICY, SETTINGS } from "./settings.js";
import { RemoteStore } from "./store.js";

/** Parts that a mutation replaces. */
export interface Seams {
  sessions?: typeof Sessions;
  rooms?: typeof Rooms;
  time?: (clock: Clock, longestStepMs: number) => VirtualTime;
}

export interface NodeOptions {
  world: World;
  name: string;
  peers: ReadonlyMap<string, Peer>;
  witness: SocketWitness;
  multiTabPolicy: DuplicatePolicy;
  authenticate?: Authenticate;
  wallOffset?: number;
  seams: Seams;
  /** Runs every single watch instead of skipping those that find nothing. */
  everyWatch: boolean;
  /** Something failed that nothing in the simulation made fail. */
  unexpected: (what: string, error: unknown) => void;
}

export class ServiceNode {
  readonly name: string;
  readonly witness: SocketWitness;
  readonly loop: EventLoop;
  readonly lifecycle: Emitter<LifecycleEvents>;
  readonly sweeps: Emitter<SweeperEvents>;
  readonly time: VirtualTime;
  readonly registry = new SessionRegistry();
  readonly liveness: Liveness;
  readonly sessions: Sessions;
  readonly store: RemoteStore;
  readonly media: SimulatedMediaPlane;
  readonly rooms: Rooms;
  readonly reaper: Reaper;
  readonly sweeper: Sweeper;
  readonly reconciler: Reconciler;
  readonly gateway: Gateway;
  readonly timeline = new Timeline();
  readonly sources: MetricSources;
  /** Told of each goodbye that was believed. */
  onGoodbye: (sessionId: string) => void = () => {};
  /** Sockets that have not ended. */
  readonly sockets = new Set<ServerSocket>();
  readonly #world: World;
  readonly #releasers: Releasers;
  #allClosed: (() => void) | undefined;

  constructor(options: NodeOptions) {
    const { world, seams, unexpected } = options;
    this.name = options.name;
    const { witness } = options;
    this.witness = {
      accepted: (socket) => witness.accepted(socket),
      received: (socket, text) => witness.received(socket, text),
      sent: (socket, text) => witness.sent(socket, text),
      closed: (socket, code) => {
        this.sockets.delete(socket);
        witness.closed(socket, code);
        if (this.sockets.size === 0) this.#allClosed?.();
      },
    };
    this.#world = world;
    const loop = new EventLoop(world.now);
    loop.wallOffset = options.wallOffset ?? loop.wallOffset;
    this.loop = loop;
    const listenerFailed = (error: unknown, event: PropertyKey): void =>
      unexpected(`listener of ${String(event)}`, error);
    this.lifecycle = new Emitter<LifecycleEvents>(listenerFailed);
    this.sweeps = new Emitter<SweeperEvents>(listenerFailed);
    this.#releasers = new Releasers((error, name) => unexpected(`close of ${name}`, error));
    const { lifecycle, sweeps, registry } = this;

    const time = seams.time?.(loop, LONGEST_STEP_MS) ?? new VirtualTime(loop, LONGEST_STEP_MS);
    this.time = time;
    const liveness = new Liveness({ clock: loop, time, policy: POLICY, events: lifecycle });
    this.liveness = liveness;
    const sessions = new (seams.sessions ?? Sessions)({ clock: loop, time, registry, liveness, events: lifecycle });
    this.sessions = sessions;
    const directory = (this.store = new RemoteStore(world, loop));
    this.#releasers.add("directory", () => directory.close());
    const media = (this.media = new SimulatedMediaPlane(world, loop, options.peers, (error) =>
      unexpected("listener of media", error),
    ));
    this.#releasers.add("media", () => media.close());
    const rooms = new (seams.rooms ?? Rooms)({
      clock: loop,
      lastSeenAt: (session) => liveness.lastSeenAt(session),
      limits: { maxRooms: 10_000, maxRoomSize: 100 },
    });
    this.rooms = rooms;
    announceMedia({ media, rooms, registry, liveness });

    const registrar = new Registrar({ directory, rooms });
    const steps = departureSteps({ rooms, registrar, registry, liveness, events: lifecycle });
    const reaper = (this.reaper = new Reaper({ clock: loop, events: lifecycle, steps }));
    this.#releasers.add("reaper", () => reaper.close());
    const admission = new Admission({
      rooms,
      media,
      registrar,
      sessions,
      events: lifecycle,
      policy: options.multiTabPolicy,
      end: (session, departure) => reaper.end(session, departure),
    });
    this.sweeper = new Sweeper({ clock: loop, time, registry, liveness, reaper, lifecycle, events: sweeps });
    this.reconciler = new Reconciler({ registry, rooms, media, directory });
    const sockets = new WatchedSockets({
      time,
      helloTimeoutMs: SETTINGS.helloMs,
      pingIntervalMs: SETTINGS.socketPingMs,
    });
    this.gateway = new Gateway({
      log: { trace() {}, debug() {}, info() {}, warn() {}, error: (fields) => refused(fields, unexpected) },
      clock: loop,
      watch: sockets,
      sessions,
      liveness,
      hello: helloHandler({
        authenticate: options.authenticate ?? trustEverybody,
        sessions,
        registry,
        rooms,
        nodeId: options.name,
        heartbeat: {
          intervalMs: SETTINGS.heartbeatMs,
          idleTimeoutMs: POLICY.idleTimeoutMs,
          sweepIntervalMs: SETTINGS.sweepMs,
          resumeGraceMs: POLICY.resumeGraceMs,
        },
        ownerChanged: (session) => admission.record(session),
      }),
      handlers: { ...roomHandlers({ admission, rooms, reaper }), ...mediaHandlers },
      limits: { messagesPerSecond: SETTINGS.messagesPerSecond, connections: 20_000 },
      heartbeatGap: () => {},
    });
    const { liveness: seen, reconciler, gateway } = this;
    this.sources = readSources({ registry, liveness: seen, reaper, reconciler, time, rooms, media, gateway });
    new Journal({ log: SILENT, clock: loop, timeline: this.timeline }).follow(lifecycle, sweeps);
    lifecycle.on("away", ({ session, cause }) => rooms.showAway(session, cause));
    lifecycle.on("back", ({ session, cause }) => rooms.showBack(session, cause));

    this.#releasers.add("sessions", async () => {
      await Promise.all([...registry.all()].map((session) => reaper.end(session, { reason: "shutdown" })));
    });
    this.#releasers.add("sockets", () => this.#closeSockets());
    const rhythm = new Rhythm({ ...options, loop, time, registry, sweeper: this.sweeper, sockets });
    this.#releasers.add("loops", () => rhythm.close());
  }

  accept(socket: ServerSocket): void {
    this.sockets.add(socket);
    this.gateway.accept(socket.asWebSocket);
  }

  /** A goodbye beacon has come in. */
  goodbye(sessionId: string, resumeToken: string): void {
    if (this.sessions.goodbye(sessionId, resumeToken)) this.onGoodbye(sessionId);
  }

  /** An operator has everything cleaned up that is due. */
  async cleanUp(): Promise<void> {
    await this.sweeper.sweep({ force: true });
    await this.reconciler.reconcile();
  }

  /** Stops properly, as on a signal. */
  close(): Promise<void> {
    return this.#releasers.close();
  }

  /** The process is killed: the kernel resets its connections, and whatever it was about to do is never done. */
  crash(): void {
    for (const socket of this.sockets) socket.die();
    this.sockets.clear();
  }

  async #closeSockets(): Promise<void> {
    const { random } = Math;
    // The one place in the service where chance is asked: when clients shall come back.
    Math.random = () => this.#world.random.next();
    let closed: Promise<void>;
    try {
      closed = this.gateway.close(SETTINGS.reconnectSpreadMs);
    } finally {
      Math.random = random;
    }
    await closed;
    // As the HTTP server does, which waits for every connection.
    if (this.sockets.size > 0) await new Promise<void>((resolve) => (this.#allClosed = resolve));
  }
}

/** What the gateway logs as an error: a failure that it did not expect. The store's are the simulation's own. */
function refused(fields: object, unexpected: NodeOptions["unexpected"]): void {
  const { err } = fields as { err?: unknown };
  if (err instanceof Error && err.message === RemoteStore.failure) return;
  unexpected("request", err ?? fields);
}

const ignore = (): void => {};
const SILENT = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore } as unknown as Logger;
