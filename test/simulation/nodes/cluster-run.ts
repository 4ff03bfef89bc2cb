/**
 * One seed: a few nodes, people in rooms, and faults of nodes, store and networks. The run checks the history after each
 * step. When all faults are healed, every person must be in the wanted room exactly once.
 */
import { MemoryCalls } from "../../../src/memory/memory-calls.js";
import { MemoryHub } from "../../../src/memory/memory-bus.js";
import { MemoryStore } from "../../../src/memory/memory-store.js";
import { ManualClock } from "../../support/manual-clock.js";
import { Random } from "../../support/random.js";
import { BackendTable } from "./backend-table.js";
import { History } from "./history.js";
import { Member } from "./member.js";
import { SimulatedNode, type Shared } from "./node.js";
import { Snapshot } from "./snapshot.js";

const TICK_MS = 250;
const NODES = 3;
const MEMBERS = 10;
const ROOMS = 3;
/** So long after a fault of the store, what a node knows may not be in it yet. */
const STORE_SETTLES_MS = 60_000;
/** A replica that becomes the master lacks at most so much. */
const REPLICA_DELAY_MS = 5_000;
/** Average time between two mishaps, in milliseconds. */
const CALM_MS = 20_000;
/** Time after the last fault in which everything recovers: at most the wait for a regular audit, a grace, a sweep and a hold. */
const HEALING_MS = 360_000;

export interface NodesOutcome {
  failure: string | undefined;
  trace: readonly string[];
  /** How often each thing happened. */
  counts: ReadonlyMap<string, number>;
}

export class ClusterRun {
  readonly #mishaps: "all" | "store";
  readonly #random: Random;
  readonly #shared: Shared;
  readonly #history: History;
  readonly #table = new BackendTable();
  readonly #members: Member[] = [];
  readonly #trace: string[] = [];
  readonly #counts = new Map<string, number>();
  /** The faults that the run must undo, and when. */
  readonly #healing: { at: number; heal: () => void | Promise<void> }[] = [];
  #nodes: SimulatedNode[] = [];
  #failure: string | undefined;
  #snapshot: Snapshot | undefined;
  #snapshotAt = 0;
  readonly #diedAt = new Map<string, number>();
  #born = 0;
  /** When the store was last out of order, as some node saw it. */
  #storeFailedAt = -Infinity;

  /** @param mishaps `store`: only faults of the store, which all nodes share; then no session may move */
  constructor(seed: number, mishaps: "all" | "store" = "all") {
    this.#mishaps = mishaps;
    this.#random = new Random(seed);
    const clock = new ManualClock();
    this.#shared = {
      clock,
      store: new MemoryStore(clock),
      hub: new MemoryHub(),
      calls: new MemoryCalls(clock),
      random: this.#random,
      failed: (error) => this.#fail(`a listener failed: ${String(error)}`),
    };
    this.#history = new History({
      members: this.#members,
      note: (line) => this.#note(line),
      count: (what) => this.#count(what),
      fail: (why) => this.#fail(why),
    });
  }

  async run(minutes: number): Promise<NodesOutcome> {
    for (let count = 0; count < NODES; count++) await this.#startNode();
    for (let index = 0; index < MEMBERS; index++) this.#newMember();
    for (let passed = 0; passed < minutes * 60_000 && !this.#failure; passed += TICK_MS) {
      if (this.#random.below(CALM_MS / TICK_MS) === 0) await this.#mishap();
      await this.#tick();
    }
    for (const { heal } of this.#healing.splice(0)) await heal();
    for (let passed = 0; passed < HEALING_MS && !this.#failure; passed += TICK_MS) await this.#tick();
    if (!this.#failure) this.#checkEnd();
    return { failure: this.#failure, trace: this.#trace.slice(-200), counts: this.#counts };
  }

  async #tick(): Promise<void> {
    const { clock } = this.#shared;
    await clock.advance(TICK_MS);
    const due = this.#healing.filter(({ at }) => at <= clock.mono());
    for (const entry of due) {
      this.#healing.splice(this.#healing.indexOf(entry), 1);
      await entry.heal();
    }
    if (clock.mono() - this.#snapshotAt >= REPLICA_DELAY_MS) {
      this.#snapshot = Snapshot.of(this.#shared.store);
      this.#snapshotAt = clock.mono();
    }
    for (const member of this.#members) member.tick(clock.mono());
    for (const node of this.#nodes) await node.tick();
    for (let turns = 0; turns < 40; turns++) await Promise.resolve();
    this.#table.deliver();
    this.#history.check(this.#nodes);
  }

  async #startNode(): Promise<void> {
    this.#born += 1;
    const node = new SimulatedNode(this.#shared, `node-${this.#born}`);
    this.#history.follow(node);
    this.#table.follow(node);
    this.#nodes.push(node);
    const started = node.cluster.start();
    await this.#shared.clock.advance(100);
    await started;
  }

  #newMember(): void {
    const index = this.#members.length;
    const room = `room-${this.#random.below(ROOMS)}`;
    this.#members.push(new Member(`user-${index}`, room, () => this.#nodes, this.#random));
  }

  async #mishap(): Promise<void> {
    const { clock } = this.#shared;
    const node = this.#random.pick(this.#nodes as [SimulatedNode]);
    const member = this.#random.pick(this.#members as [Member]);
    const seconds = 1 + this.#random.below(60);
    type Mishap = [what: string, happen: () => void | Promise<void>];
    const ofNodes: Mishap[] = [
      ["node stops", () => this.#stop(node, seconds)],
      ["node dies", () => this.#die(node, seconds)],
      ["node drains", () => this.#drain(node)],
      ["node loses the store", () => this.#lose([node], seconds)],
      ["answers get lost", () => this.#lose(this.#nodes, seconds, "lossy")],
    ];
    const ofAll: Mishap[] = [
      ["all lose the store", () => this.#lose(this.#nodes, seconds * 5)],
      ["store forgets the last seconds", () => this.#forget(this.#snapshot)],
      ["store forgets everything", () => this.#forget(Snapshot.empty())],
      ["network lost", () => member.loseNetwork(clock.mono(), seconds * 1_000)],
      ["page closed", () => this.#replace(member)],
    ];
    const happens = this.#mishaps === "all" ? [...ofNodes, ...ofAll] : ofAll;
    const [what, happen] = happens[this.#random.below(happens.length)] ?? ["nothing", () => {}];
    this.#count(what);
    this.#note(`${what}: ${node.id}, ${member.userId}, ${seconds} s`);
    await happen();
  }

  #stop(node: SimulatedNode, seconds: number): void {
    node.time.stop();
    this.#later(seconds, () => {
      this.#note(`${node.id} goes on`);
      node.time.goOn();
    });
  }

  #die(node: SimulatedNode, seconds: number): void {
    const isSettled =
      node.directory.way === "good" && this.#shared.clock.mono() - this.#storeFailedAt >= STORE_SETTLES_MS;
    if (!isSettled) this.#table.doubt(node.id);
    node.time.die();
    this.#diedAt.set(node.id, this.#shared.clock.mono());
    this.#shared.hub.buses.delete(node.id);
    this.#nodes = this.#nodes.filter((other) => other !== node);
    this.#later(this.#nodes.length < 2 ? 0 : seconds, () => this.#startNode());
  }

  #drain(node: SimulatedNode): void {
    if (!node.isRunning) return;
    void node.cluster.drain(6_000);
    this.#later(7, () => {
      if (this.#nodes.includes(node)) this.#die(node, 1);
    });
  }

  #forget(to: Snapshot | undefined): void {
    const now = this.#shared.clock.mono();
    this.#storeFailedAt = now;
    for (const [nodeId, at] of this.#diedAt) if (now - at < STORE_SETTLES_MS) this.#table.doubt(nodeId);
    to?.restore(this.#shared.store);
  }

  #lose(nodes: readonly SimulatedNode[], seconds: number, way: "away" | "lossy" = "away"): void {
    for (const { directory } of nodes) directory.way = way;
    this.#storeFailedAt = this.#shared.clock.mono();
    this.#later(seconds, () => {
      this.#storeFailedAt = this.#shared.clock.mono();
      for (const { directory } of nodes) directory.way = "good";
    });
  }

  #replace(member: Member): void {
    member.leave();
    this.#newMember();
  }

  #later(seconds: number, heal: () => void | Promise<void>): void {
    this.#healing.push({ at: this.#shared.clock.mono() + seconds * 1_000, heal });
  }

  /** Checks that every person who wants to be in a room is there, that nobody else is, and that the directory agrees. */
  #checkEnd(): void {
    const { store } = this.#shared;
    const wanted = this.#members.filter(({ gone }) => !gone);
    for (const member of wanted) {
      if (!member.isInRoom) this.#fail(`${member.userId} is not in ${member.roomId} in the end`);
    }
    const people = this.#nodes.flatMap(({ id, world }) =>
      [...world.registry.all()].map((session) => ({ id, session, roomId: session.participation?.roster.id })),
    );
    const names = people.map(({ session }) => session.userId).toSorted();
    const expected = wanted.map(({ userId }) => userId).toSorted();
    if (names.join() !== expected.join()) this.#fail(`there are ${names.join()} instead of ${expected.join()}`);
    for (let room = 0; room < ROOMS; room++) {
      const homes = new Set(people.filter(({ roomId }) => roomId === `room-${room}`).map(({ id }) => id));
      if (homes.size > 1) this.#fail(`room-${room} is on ${[...homes].join(" and ")}`);
    }
    const stored = [...store.sessions.values()].map(({ entry, lease }) => `${entry.userId}@${lease.nodeId}`).toSorted();
    const here = people.map(({ id, session }) => `${session.userId}@${id}`).toSorted();
    if (stored.join() !== here.join()) this.#fail(`the directory has ${stored.join()} instead of ${here.join()}`);
    const inRooms = people.flatMap(({ session, roomId }) =>
      roomId === undefined ? [] : [[session.id, roomId] as const],
    );
    const wrong = this.#table.differences(new Map(inRooms));
    if (wrong.length > 0) this.#fail(`in the backend's table ${wrong.join(", ")}`);
    if (store.leases.size !== this.#nodes.length) this.#fail(`there are ${store.leases.size} leases`);
  }

  #note(line: string): void {
    this.#trace.push(`${(this.#shared.clock.mono() / 1_000).toFixed(2)} ${line}`);
  }

  #count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  #fail(why: string): void {
    this.#failure ??= `${(this.#shared.clock.mono() / 1_000).toFixed(2)} s: ${why}`;
  }
}
