/**
 * One server process: the real service, put together by the real composition, on a simulated event loop, with a
 * simulated media plane, store and sockets under it. HTTP is left out; what its routes call is called directly.
 */
import type { Logger } from "pino";
import { trustEverybody, type Authenticate } from "../../../src/gateway/authenticate.js";
import { DisposalStack } from "../../../src/kernel/disposal-stack.js";
import { MemoryBus, MemoryHub } from "../../../src/memory/memory-bus.js";
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
import { SETTINGS, settingsOf } from "./settings.js";
import { RemoteStore } from "./store.js";

/** What a mutation puts in the place of the real parts, and of what is under them. */
export interface NodeVariants extends CoreVariants {
  CallStore?: new (clock: Clock) => CallStore;
}

export interface NodeOptions {
  readonly world: World;
  readonly name: string;
  readonly peers: ReadonlyMap<string, Peer>;
  readonly witness: SocketWitness;
  readonly multiTabPolicy: DuplicatePolicy;
  readonly authenticate: Authenticate | undefined;
  /** What its wall clock is ahead of the monotonic one. */
  readonly wallOffset: number;
  /** Parts that a mutation replaces. */
  readonly variants: NodeVariants;
  /** Runs every single watch instead of skipping those that find nothing. */
  readonly everyWatch: boolean;
  /** A media object was closed for want of a session. */
  readonly orphanClosed: () => void;
  /** Something failed that nothing in the simulation made fail. */
  readonly unexpected: (what: string, error: unknown) => void;
}

export class ServiceNode implements Listening {
  readonly name: string;
  readonly witness: SocketWitness;
  readonly loop: EventLoop;
  readonly store: RemoteStore;
  /** What the store of the calls has decided; asked by the checks. */
  readonly calls: CallHistory;
  readonly media: SimulatedMediaPlane;
  readonly service: Service;
  /** Told of each goodbye that was believed. */
  onGoodbye: (sessionId: string) => void = () => {};
  /** Sockets that have not ended. */
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
    const settings = settingsOf(this.name, options.multiTabPolicy);
    this.#core = createSimulatedCore(settings, this.loop, listenerFailed, options.variants);
    this.service = createService(
      settings,
      {
        clock: this.loop,
        random: () => world.random.next(),
        directory: this.store.directory,
        bus,
        calls: this.store.calls,
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
    this.service.gateway.accept(socket.asWebSocket);
  }

  /** A goodbye beacon has come in. */
  goodbye(sessionId: string, resumeToken: string): void {
    if (this.service.sessions.goodbye(sessionId, resumeToken)) this.onGoodbye(sessionId);
  }

  /** An operator has cleaned up what is due. A store that is away is no news. */
  async cleanUp(options: { force: boolean }): Promise<void> {
    await this.service.sweeper.sweep(options);
    await this.service.reconciler.reconcile().catch((error: unknown) => refused({ err: error }, this.#unexpected));
  }

  /** Whatever holds it up is over. */
  repair(): void {
    this.store.away = false;
    this.loop.goOn();
  }

  /** Stops properly, as on a signal. */
  close(): Promise<void> {
    return this.#disposals.disposeAsync();
  }

  /** The process is killed: the kernel resets its connections, and whatever it was about to do is never done. */
  crash(): void {
    for (const socket of this.sockets) socket.die();
    this.sockets.clear();
  }

  #startRhythm({ everyWatch, unexpected }: NodeOptions): void {
    const { loop, service } = this;
    const { sockets } = this.#core;
    const watches = new IdleWatches({ world: this.#world, loop, service, sockets, everyWatch });
    const rhythm = new Loops({
      clock: watches.clock,
      sweeper: service.sweeper,
      reconciler: service.reconciler,
      sockets,
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
    // As the HTTP server does, which waits for every connection.
    if (this.sockets.size > 0) await new Promise<void>((resolve) => (this.#allClosed = resolve));
  }
}

/** A failure that the service did not expect. The store's are the simulation's own. */
function refused(fields: object, unexpected: NodeOptions["unexpected"]): void {
  const { err } = fields as { err?: unknown };
  if (err instanceof Error && err.message === RemoteStore.failure) return;
  unexpected("request", err ?? fields);
}

const ignore = (): void => {};
const QUIET = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore } as const;
const SILENT = QUIET as unknown as Logger;
