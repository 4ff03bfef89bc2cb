import type { Random } from "../random.js";
import type { ChaosNode, Stage } from "./stage.js";

/** Faults of one node. */
const OF_NODES = ["kill", "stop", "term", "cut", "silence", "cut from a master", "silence of a master"] as const;
/** Faults of what all nodes share. */
const OF_ALL = ["fail over", "kill redis", "lose all data", "cut all"] as const;
export type FaultKind = (typeof OF_NODES)[number] | (typeof OF_ALL)[number];
export const PROCESS_FAULTS: readonly FaultKind[] = ["kill", "stop", "term"];
/** Those of one master. */
export const ALL_FAULTS: readonly FaultKind[] = [...PROCESS_FAULTS, "cut", "silence", ...OF_ALL];
/** Those of a cluster. Each node has a way of its own to each of its masters. */
export const SHARD_FAULTS: readonly FaultKind[] = [
  ...PROCESS_FAULTS,
  "cut from a master",
  "silence of a master",
  "fail over",
  "kill redis",
  "lose all data",
];

/** So many nodes may have a fault at the same time. */
const MOST_NODES = 2;
/** So long after a fault it can still have effects: a lease, the wait after it, a grace, and the way back. */
const EFFECT_MS = 30_000;

interface Fault {
  readonly kind: FaultKind;
  readonly node: string | undefined;
  readonly beganAt: number;
  /** When a process that was told to end has ended. It goes on with its work until then. */
  diedAt: number | undefined;
  endedAt: number | undefined;
}

/** Makes faults at random and undoes them. All of them are in the log, with their times. */
export class Faults {
  readonly #stage: Stage;
  readonly #random: Random;
  readonly #kinds: readonly FaultKind[];
  readonly #note: (line: string) => void;
  readonly #faults: Fault[] = [];
  readonly #running = new Set<Promise<unknown>>();
  readonly #failures: Error[] = [];
  readonly #busy = new Set<ChaosNode>();
  /** Nodes that are cut off by a fault of their own. */
  readonly #cutOff = new Set<ChaosNode>();
  #isRedisBusy = false;
  #endAll: (() => void)[] = [];

  constructor(stage: Stage, random: Random, kinds: readonly FaultKind[], note: (line: string) => void) {
    this.#stage = stage;
    this.#random = random;
    this.#kinds = kinds;
    this.#note = note;
  }

  get counts(): ReadonlyMap<FaultKind, number> {
    return new Map(this.#kinds.map((kind) => [kind, this.#faults.filter((fault) => fault.kind === kind).length]));
  }

  /** Begins a fault, if not too many are under way. */
  begin(): void {
    const kind = this.#kinds[this.#random.below(this.#kinds.length)] ?? "kill";
    const node = this.#stage.nodes[this.#random.below(this.#stage.nodes.length)];
    const ms = 1_000 + this.#random.below(1_000) + this.#random.below(4) * this.#random.below(9_000);
    const isOfAll = OF_ALL.some((each) => each === kind);
    if (!node || (isOfAll ? this.#isRedisBusy : this.#busy.has(node) || this.#busy.size >= MOST_NODES)) return;
    if ((kind === "cut" || kind === "silence") && !node.way) return;
    const running = this.#make(kind, node, ms)
      .catch((error: unknown) => this.#failures.push(new Error(`${kind} ${node.id} failed`, { cause: error })))
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Ends all faults now. Resolves when everything runs again. Rejects when the test itself failed to make or to mend a fault. */
  async heal(): Promise<void> {
    for (const end of this.#endAll.splice(0)) end();
    await Promise.all(this.#running);
    if (this.#failures.length > 0) throw this.#failures[0];
  }

  /** Whether a fault explains that a living client lost its session at this time: the documentation says so. */
  mayLoseSession(at: number): boolean {
    return this.#faults.some(
      (fault) => fault.kind !== "kill" && fault.kind !== "term" && this.#isFelt(fault, at) && this.#isLong(fault),
    );
  }

  /**
   * Whether a node's events of this time can be lost: it was killed while Redis was unwell or had just lost data, so
   * docs/webhooks.md tells the backend to compare.
   */
  isDoubtful({ nodeId, at }: { nodeId: string; at: number }): boolean {
    return this.#faults.some(
      (death) =>
        (death.kind === "kill" || death.kind === "term") &&
        death.node === nodeId &&
        (death.diedAt ?? Infinity) >= at &&
        this.#faults.some(
          (other) =>
            other !== death &&
            (other.node === undefined || other.node === nodeId) &&
            other.kind !== "kill" &&
            other.kind !== "term" &&
            other.beganAt < death.beganAt + EFFECT_MS &&
            (other.endedAt ?? Infinity) > death.beganAt - EFFECT_MS,
        ),
    );
  }

  #isFelt({ beganAt, endedAt }: Fault, at: number): boolean {
    return at >= beganAt && at <= (endedAt ?? Infinity) + EFFECT_MS;
  }

  /** A short stop or cut must cost nobody her session. */
  #isLong({ beganAt, endedAt, node }: Fault): boolean {
    return node === undefined || (endedAt ?? Infinity) - beganAt > 4_000;
  }

  async #make(kind: FaultKind, node: ChaosNode, ms: number): Promise<void> {
    const isOfAll = OF_ALL.some((each) => each === kind);
    const fault: Fault = {
      kind,
      node: isOfAll ? undefined : node.id,
      beganAt: Date.now(),
      diedAt: undefined,
      endedAt: undefined,
    };
    this.#faults.push(fault);
    this.#note(`${kind}${isOfAll ? "" : ` ${node.id}`}, ${ms} ms`);
    if (isOfAll) this.#isRedisBusy = true;
    else this.#busy.add(node);
    await (isOfAll ? this.#disturbRedis(kind, ms) : this.#disturbNode(fault, node, ms));
    if (isOfAll) this.#isRedisBusy = false;
    else this.#busy.delete(node);
    fault.endedAt = Date.now();
    this.#note(`${kind}${isOfAll ? "" : ` ${node.id}`} is over`);
  }

  async #disturbNode(fault: Fault, node: ChaosNode, ms: number): Promise<void> {
    const { kind } = fault;
    switch (kind) {
      case "kill":
      case "term":
        node.process.signal(kind === "kill" ? "SIGKILL" : "SIGTERM");
        await node.process.ended();
        fault.diedAt = Date.now();
        await this.#wait(ms / 3);
        return node.restart();
      case "stop":
        node.process.signal("SIGSTOP");
        await this.#wait(ms);
        node.process.signal("SIGCONT");
        return;
      case "cut from a master":
      case "silence of a master":
        return this.#cutFromMaster(kind, node, this.#random.below(100), ms);
      default:
        this.#cutOff.add(node);
        if (kind === "silence") node.way?.silence();
        else node.way?.cut();
        await this.#wait(ms * 2);
        this.#cutOff.delete(node);
        node.way?.heal();
    }
  }

  /** One node does not reach one of the masters. All others reach it. */
  async #cutFromMaster(kind: FaultKind, node: ChaosNode, master: number, ms: number): Promise<void> {
    const ports = await this.#stage.redis.masterPorts();
    const way = node.ways?.of(ports[master % ports.length] ?? 0);
    if (kind === "cut from a master") way?.cut();
    else way?.silence();
    await this.#wait(ms * 2);
    way?.heal();
  }

  async #disturbRedis(kind: FaultKind, ms: number): Promise<void> {
    const { redis, nodes } = this.#stage;
    switch (kind) {
      case "fail over":
        await redis.failOver();
        break;
      case "kill redis":
        await redis.killMaster();
        break;
      case "lose all data":
        await redis.loseAllData();
        return;
      default:
        for (const { way } of nodes) way?.cut();
        await this.#wait(ms);
        for (const node of nodes) if (!this.#cutOff.has(node)) node.way?.heal();
        return;
    }
    this.#stage.followMaster();
    await redis.isWhole();
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#endAll.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
