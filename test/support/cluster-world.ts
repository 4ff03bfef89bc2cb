import { NoMedia } from "../../src/media/no-media.js";
import { MemoryBus, MemoryHub } from "../../src/memory/memory-bus.js";
import { MemoryCalls } from "../../src/memory/memory-calls.js";
import { MemoryDirectory } from "../../src/memory/memory-directory.js";
import { MemoryStore } from "../../src/memory/memory-store.js";
import type { Directory, HeldEntry } from "../../src/ports/directory.js";
import type { Session } from "../../src/session/session.js";
import { ManualClock } from "./manual-clock.js";
import { RecordingConnection, World } from "./world.js";

export const TICK_MS = 250;

interface Switch {
  on: boolean;
  /** A hand-over waits for this promise. */
  handingOver?: (what: readonly HeldEntry[]) => Promise<void>;
  /** The store has handed over, and its answer waits for this promise. */
  handedOver?: () => Promise<void>;
  /** The store has moved a slice of a takeover, and its answer waits for this promise. */
  takingOver?: () => Promise<void>;
}

/** A store that can be switched off. Then all its methods fail, as when a command timed out. */
class SwitchedDirectory extends MemoryDirectory {
  readonly #switch: Switch;

  constructor(store: MemoryStore, nodeId: string, switchedBy: Switch) {
    super(store, nodeId);
    this.#switch = switchedBy;
    const methods = [
      "register",
      "renew",
      "newEpoch",
      "claimRoom",
      "reclaimRoom",
      "releaseRoom",
      "findRoom",
      "putSession",
      "removeSession",
    ] as const;
    const others = ["findSession", "findSessions", "sessionsOfUser", "takeOver", "handOver", "own", "counts"] as const;
    for (const name of [...methods, ...others]) this.#guard(name);
  }

  override async handOver(...args: Parameters<Directory["handOver"]>): ReturnType<Directory["handOver"]> {
    await this.#switch.handingOver?.(args[0]);
    const outcome = await super.handOver(...args);
    await this.#switch.handedOver?.();
    return outcome;
  }

  override async takeOver(...args: Parameters<Directory["takeOver"]>): ReturnType<Directory["takeOver"]> {
    const outcome = await super.takeOver(...args);
    await this.#switch.takingOver?.();
    return outcome;
  }

  #guard(name: keyof Directory): void {
    const method = (this[name] as (...args: unknown[]) => Promise<unknown>).bind(this);
    const guarded = (...args: unknown[]): Promise<unknown> =>
      this.#switch.on ? method(...args) : Promise.reject(new Error("the store does not answer"));
    Object.defineProperty(this, name, { value: guarded, configurable: true });
  }
}

export class ClusterNode {
  readonly world: World;
  readonly store: Switch = { on: true };
  readonly media = new NoMedia();
  /** Whether the node is frozen or dead, so that its passes do not run. */
  stopped = false;

  constructor(shared: ClusterWorld, nodeId: string) {
    this.world = new World({
      clock: shared.clock,
      nodeId,
      cluster: {
        url: `http://${nodeId}`,
        random: () => shared.random(),
        rebalancePerSecond: shared.rebalancePerSecond,
      },
      directory: () => new SwitchedDirectory(shared.store, nodeId, this.store),
      bus: new MemoryBus(shared.hub, nodeId, (error) => shared.errors.push(error)),
      calls: shared.calls,
      media: this.media,
    });
  }

  get cluster() {
    const { cluster } = this.world.service;
    if (!cluster) throw new Error("not one of many");
    return cluster;
  }

  find(sessionId: string): Session | undefined {
    return this.world.registry.find(sessionId);
  }

  members(roomId: string): string[] {
    return [...(this.world.rooms.find(roomId)?.members.values() ?? [])].map(({ userId }) => userId).toSorted();
  }

  /** The session's client resumes at this node with its token. */
  resume(session: Session): RecordingConnection | undefined {
    const connection = new RecordingConnection();
    const { id: sessionId, userId, name, resumeToken } = session;
    const identity = { userId, name, rooms: undefined, calls: true, expiresAt: Infinity };
    const request = { sessionId, resumeToken: resumeToken.text ?? "" };
    const outcome = this.world.sessions.resume(request, identity, connection);
    return outcome.kind === "resumed" ? connection : undefined;
  }
}

/** Several nodes of one service with one store, on a clock that the test moves. */
export class ClusterWorld {
  readonly clock = new ManualClock();
  readonly store = new MemoryStore(this.clock);
  readonly hub = new MemoryHub();
  readonly calls = new MemoryCalls(this.clock);
  readonly nodes: readonly ClusterNode[];
  readonly errors: unknown[] = [];
  random = (): number => 0.5;

  /** How many sessions a second may move to a node that has fewer than its share. */
  readonly rebalancePerSecond: number;

  constructor(count: number, rebalancePerSecond = 0) {
    this.rebalancePerSecond = rebalancePerSecond;
    this.nodes = Array.from({ length: count }, (_, index) => new ClusterNode(this, `node-${index + 1}`));
  }

  async start(): Promise<readonly ClusterNode[]> {
    for (const { cluster } of this.nodes) await cluster.start();
    await this.run(2_500);
    return this.nodes;
  }

  /**
   * Lets time pass. The timers of all nodes run, but only nodes that are not stopped run watches. `heard`: sessions whose
   * clients continue to ping.
   */
  async run(ms: number, heard: () => Iterable<{ node: ClusterNode; session: Session }> = () => []): Promise<void> {
    for (let passed = 0; passed < ms; passed += TICK_MS) {
      await this.clock.advance(TICK_MS);
      for (const { node, session } of heard()) node.world.liveness.heard(session);
      for (const { world, stopped } of this.nodes) if (!stopped) await world.sweeper.watch();
      await settled();
    }
  }

  /** The process dies or stands still. Its timers still run, but the store refuses it. */
  stop(node: ClusterNode): void {
    node.stopped = true;
    node.store.on = false;
  }

  /** The process runs again. */
  async wake(node: ClusterNode): Promise<void> {
    node.stopped = false;
    node.store.on = true;
    await node.world.sweeper.watch();
    await settled();
  }
}

async function settled(): Promise<void> {
  for (let turns = 0; turns < 50; turns++) await Promise.resolve();
}
