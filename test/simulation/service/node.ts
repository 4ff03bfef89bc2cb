/**
 * One server process: the real service, built by the real composition, on a simulated event loop with a simulated media
 * plane, store and sockets. There is no HTTP: the simulation calls the functions behind its routes directly.
 */
import type { Logger } from "pino";
import { trustEverybody, type Authenticate } from "../../../src/gateway/authenticate.js";
import { DisposalStack } from "../../../src/kernel/disposal-stack.js";
import { MemoryBus, MemoryHub } from "../../../src/memory/memory-bus.js";
import { MemoryBlocks } from "../../../src/memory/memory-blocks.js";
import { MemoryCalls } from "../../../src/memory/memory-calls.js";
import { Loops } from "../../../src/composition/loops.js";
import type { DuplicatePolicy } from "../../../src/room/duplicates.js";
import { createService, type Service } from "../../../src/composition/service.js";
import type { CallStore } from "../../../src/ports/call-store.js";
import type { Clock } from "../../../src/kernel/clock.js";
import type { Listening } from "../world/dial.js";
import { EventLoop } from "../world/event-loop.js";
import type { Peer } from "../world/peer.js";
import type { ServerSocket, SocketWitness } from "../world/server-socket.js";
import type { World } from "../world/world.js";
import { CallHistory } from "./call-history.js";
import { createSimulatedCore, type CoreVariants, type SimulatedCore } from "./core.js";
import { IdleWatches } from "./idle-watches.js";
import { SimulatedMediaPlane } from "./media-plane.js";
import { SETTINGS, settingsOf, type RoomSizes } from "./settings.js";
import { RemoteStore } from "./store.js";

/** Parts that a mutation uses instead of the real service's parts or of the simulated ones. */
export interface NodeVariants extends CoreVariants {
  CallStore?: new (clock: Clock) => CallStore;
}

export interface NodeOptions {
  readonly world: World;
  readonly name: string;
  readonly peers: ReadonlyMap<string, Peer>;
  readonly witness: SocketWitness;
  readonly multiTabPolicy: DuplicatePolicy;
  readonly roomSizes: RoomSizes;
  readonly authenticate: Authenticate | undefined;
  /** How far its wall clock is ahead of the monotonic clock, in milliseconds. */
  readonly wallOffset: number;
  /** Parts that a mutation replaces. */
  readonly variants: NodeVariants;
  /** Runs every watch, and skips none that would find nothing. */
  readonly everyWatch: boolean;
  /** Called when the service has closed a media object that had no session. */
  readonly orphanClosed: () => void;
  /** Called when something failed that the simulation did not cause. */
  readonly unexpected: (what: string, error: unknown) => void;
}

export class ServiceNode implements Listening {
  readonly name: string;
  readonly witness: SocketWitness;
  readonly loop: EventLoop;
  readonly store: RemoteStore;
  /** The decisions of the call store, for the checks. */
  readonly calls: CallHistory;
  readonly media: SimulatedMediaPlane;
  readonly service: Service;
  /** Called for each goodbye that the service has accepted. */
  onGoodbye: (sessionId: string) => void = () => {};
  /** Number of sockets that have not ended. */
  readonly sockets = new Set<ServerSocket>();
  readonly #world: World;
  readonly #core: SimulatedCore;
  readonly #disposals: DisposalStack;
  readonly #unexpected: NodeOptions["unexpected"];
  #allClosed: (() => void) | undefined;

  constructor(options: NodeOptions) {
    const { world, unexpected } = options;
    this.#world = world;
    this.#unexpected = unexpected;
    this.name = options.name;
    this.witness = this.#watching(options.witness);
    this.loop = new EventLoop(world.now);
    this.loop.wallOffset = options.wallOffset;
    this.#disposals = new DisposalStack((error, name) => unexpected(`close of ${name}`, error));
    this.calls = new CallHistory(new (options.variants.CallStore ?? MemoryCalls)(this.loop), world.now);
    this.store = new RemoteStore(world, this.loop, this.name, this.calls);
    void this.store.truth.register(undefined);
    this.#disposals.defer("directory", () => this.store.directory.close());
    const listenerFailed = (error: unknown, event: PropertyKey): void =>
      unexpected(`listener of ${String(event)}`, error);
    const bus = new MemoryBus(new MemoryHub(), this.name, listenerFailed);
    this.#disposals.defer("bus", () => bus.close());
    this.media = new SimulatedMediaPlane(world, this.loop, options.peers, (error) =>
      unexpected("listener of media", error),
    );
    this.#disposals.defer("media", () => this.media.close());
    const settings = settingsOf(this.name, options.multiTabPolicy, options.roomSizes);
    this.#core = createSimulatedCore(settings, this.loop, listenerFailed, options.variants);
    this.service = createService(
      settings,
      {
        clock: this.loop,
        random: () => world.random.next(),
        directory: this.store.directory,
        nodeName: undefined,
        bus,
        calls: this.store.calls,
        blocks: new MemoryBlocks(this.loop),
        media: this.media,
        authenticate: options.authenticate ?? trustEverybody,
        cleanupSteps: [],
        journal: SILENT,
        log: { ...QUIET, error: (fields) => refused(fields, unexpected) },
        listenerFailed,
        heartbeatGap: () => {},
        orphanClosed: options.orphanClosed,
      },
      this.#core,
      this.#disposals,
    );
    this.#disposals.defer("sessions", () => this.service.endSessions());
    this.#disposals.defer("sockets", () => this.#closeSockets());
    this.#startRhythm(options);
  }

  accept(socket: ServerSocket): void {
    this.sockets.add(socket);
    this.service.gateway.accept(socket, { address: "simulated" }, socket.line);
  }

  /** A goodbye beacon has arrived. */
  goodbye(sessionId: string, resumeToken: string): void {
    if (this.service.sessions.goodbye(sessionId, resumeToken)) this.onGoodbye(sessionId);
  }

  /** An operator starts a cleanup. A failure of a store that is away is expected. */
  async cleanUp(options: { force: boolean }): Promise<void> {
    await this.service.sweeper.sweep(options);
    await this.service.reconciler.reconcile().catch((error: unknown) => refused({ err: error }, this.#unexpected));
  }

  /** Ends all faults of this process. */
  repair(): void {
    this.store.away = false;
    this.loop.goOn();
  }

  /** Stops in order, as on a signal. */
  close(): Promise<void> {
    return this.#disposals.disposeAsync();
  }

  /** The process is killed. The kernel resets its connections, and nothing of the process runs any more. */
  crash(): void {
    for (const socket of this.sockets) socket.die();
    this.sockets.clear();
  }

  #startRhythm({ everyWatch, unexpected }: NodeOptions): void {
    const { loop, service } = this;
    const { sockets } = this.#core;
    const watches = new IdleWatches({ world: this.#world, loop, service, sockets, media: this.media, everyWatch });
    const rhythm = new Loops({
      clock: watches.clock,
      sweeper: service.sweeper,
      reconciler: service.reconciler,
      sockets,
      lookForSilence: service.lookForSilence,
      sweepIntervalMs: SETTINGS.sweepMs,
      onError: (which, error) => refused({ err: error }, (_what, failure) => unexpected(which, failure)),
    });
    this.#disposals.defer("loops", () => rhythm.close());
    rhythm.start();
  }

  #watching(witness: SocketWitness): SocketWitness {
    return {
      accepted: (socket) => witness.accepted(socket),
      received: (socket, text) => witness.received(socket, text),
      sent: (socket, text) => witness.sent(socket, text),
      closed: (socket, code) => {
        this.sockets.delete(socket);
        witness.closed(socket, code);
        if (this.sockets.size === 0) this.#allClosed?.();
      },
    };
  }

  async #closeSockets(): Promise<void> {
    await this.service.gateway.close(SETTINGS.reconnectSpreadMs);
    // The real HTTP server waits for every connection, too.
    if (this.sockets.size > 0) await new Promise<void>((resolve) => (this.#allClosed = resolve));
  }
}

/** Reports a failure that the service did not expect. The simulation itself causes the failures of the store. */
function refused(fields: object, unexpected: NodeOptions["unexpected"]): void {
  const { err } = fields as { err?: unknown };
  if (err instanceof Error && err.message === RemoteStore.failure) return;
  unexpected("request", err ?? fields);
}

const ignore = (): void => {};
const QUIET = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore } as const;
const SILENT = QUIET as unknown as Logger;
