/**
 * One run: a service and the people who use it, from a seed, for some simulated time. The same seed gives the same run.
 */
import type { DuplicatePolicy } from "../../src/room/duplicates.js";
import { Random } from "../support/random.js";
import { Checks } from "./checks/checks.js";
import { checkClosed, checkTimers } from "./checks/closed.js";
import { Ledger } from "./checks/ledger.js";
import type { Invariant, Scene } from "./checks/scene.js";
import { letMishapsHappen, type Victims } from "./mishaps.js";
import { Town } from "./people/town.js";
import type { Page } from "./people/page.js";
import { ServiceNode, type Seams } from "./service/node.js";
import { makeToken, readToken } from "./service/tokens.js";
import { traceLifecycle } from "./trace-lifecycle.js";
import { Trace } from "./trace.js";
import type { Peer } from "./world/peer.js";
import { World } from "./world/world.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** At the end nothing happens for so long, so that everything can come to its end. */
const REST_MS = 6 * MINUTE;
/** How much of what happened is kept for who has to understand a failure. */
const TRACE_LINES = 80;

export interface SimulationOptions {
  seed: number;
  minutes: number;
  seams?: Seams;
  /** Runs every single watch instead of leaving out those that find nothing. */
  everyWatch?: boolean;
  /** Keeps the whole trace instead of its end. */
  keepTrace?: boolean;
}

export interface Failure {
  invariant: Invariant;
  message: string;
  atMs: number;
}

export interface Outcome {
  seed: number;
  failure: Failure | undefined;
  /** What happened last, one line each. */
  trace: readonly string[];
  /** The same whenever the same happened. */
  digest: string;
  events: number;
  /** How often what happened. */
  counts: ReadonlyMap<string, number>;
}

/** Runs one seed to its end, or to the first invariant that does not hold. */
export async function simulate(options: SimulationOptions): Promise<Outcome> {
  const simulation = new Simulation(options);
  await simulation.run();
  const { failure, trace, world, counts } = simulation;
  return { seed: options.seed, failure, trace: trace.last, digest: trace.digest, events: world.steps, counts };
}

class Stopped extends Error {}

class Simulation implements Scene, Victims {
  readonly world: World;
  readonly trace: Trace;
  readonly town: Town;
  node: ServiceNode | undefined;
  failure: Failure | undefined;
  readonly nameOf: (sessionId: string) => string;
  readonly fail: (invariant: Invariant, message: string) => void;
  readonly #options: SimulationOptions;
  readonly pages = new Set<Page>();
  readonly counts = new Map<string, number>();
  readonly #peers = new Map<string, Peer>();
  readonly #multiTabPolicy: DuplicatePolicy;
  readonly #withTokens: boolean;
  #checks: Checks | undefined;
  #closing = false;
  #resting = false;
  #checkAt = 0;
  #nodes = 0;
  #wallOffset = 1_700_000_000_000;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.trace = new Trace(options.keepTrace ? Infinity : TRACE_LINES);
    const random = new Random(options.seed);
    this.world = new World(random);
    this.nameOf = (sessionId) => this.trace.nameOf(sessionId);
    this.fail = (invariant, message) => {
      this.failure ??= { invariant, message, atMs: this.world.now.at };
    };
    this.#multiTabPolicy = random.pick(["transfer", "transfer", "transfer", "allow", "reject"]);
    this.#withTokens = this.world.chance(0.3);
    const wall = (): number => this.world.now.at + (this.node?.loop.wallOffset ?? this.#wallOffset);
    this.town = new Town(
      {
        world: this.world,
        service: () => (this.#closing ? undefined : this.node),
        peers: this.#peers,
        pages: this.pages,
        getToken: this.#withTokens ? (userId) => makeToken(userId, wall()) : undefined,
        note: (who, what) => this.note(who, what),
        count: (what) => this.count(what),
      },
      {
        people: 3 + random.below(5),
        rooms: 1 + random.below(3),
        tabPolicy: random.pick([undefined, undefined, "allow", "reject"]),
      },
    );
  }

  note(who: string, what: string): void {
    this.trace.note(this.world.now.at, who, what);
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  async run(): Promise<void> {
    const { world } = this;
    const endMs = this.#options.minutes * MINUTE;
    this.note("setting", `tabs: ${this.#multiTabPolicy}${this.#withTokens ? ", with tokens" : ""}`);
    this.#start();
    letMishapsHappen(this, () => this.#resting);
    try {
      await this.#pass(endMs - REST_MS);
      this.#rest();
      await this.#pass(endMs);
      await this.#checks?.atRest();
      await this.#end(endMs);
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
    }
    world.loop = undefined;
    if (this.failure) this.note(this.failure.invariant, this.failure.message);
  }

  async #end(endMs: number): Promise<void> {
    const { node, world } = this;
    this.#stop();
    await this.#pass(endMs + MINUTE / 2);
    if (this.node) this.fail("V7", "the service did not close within half a minute");
    if (node) world.loop = node.loop;
    await this.#pass(endMs + MINUTE);
    if (node) checkTimers(node, this);
    this.#assertHolds();
  }

  restart(properly: boolean): void {
    const { node } = this;
    if (!node || this.#closing) return;
    this.#wallOffset = node.loop.wallOffset;
    if (properly) {
      this.#stop();
      return;
    }
    node.crash();
    this.#gone();
  }

  /** Lets time pass and ends with the first failure. */
  #pass(until: number): Promise<void> {
    const { now } = this.world;
    return this.world.run(until, () => {
      if (now.at >= this.#checkAt) this.#check();
      this.#assertHolds();
    });
  }

  #assertHolds(): void {
    if (this.failure) throw new Stopped(this.failure.message);
  }

  /** What takes too long to be looked at after every step is looked at after the first step of every second. */
  #check(): void {
    this.#checkAt = Math.floor(this.world.now.at / SECOND) * SECOND + SECOND;
    if (!this.#closing) this.#checks?.everySecond();
  }

  #start(): void {
    const { world } = this;
    const ledger = new Ledger(this);
    const node = new ServiceNode({
      world,
      name: `service ${++this.#nodes}`,
      peers: this.#peers,
      witness: ledger,
      multiTabPolicy: this.#multiTabPolicy,
      ...(this.#withTokens ? { authenticate: readToken } : {}),
      wallOffset: this.#wallOffset,
      seams: this.#options.seams ?? {},
      everyWatch: this.#options.everyWatch ?? false,
      unexpected: (what, error) => this.fail("error", `${what}: ${String(error)}`),
    });
    this.#checks = new Checks(this, ledger, node);
    traceLifecycle(node, this);
    this.node = node;
    world.loop = node.loop;
    this.note(node.name, "is up");
  }

  #stop(): void {
    const { node } = this;
    if (!node) return;
    this.#closing = true;
    node
      .close()
      .then(() => checkClosed(node, this))
      .then(() => this.#gone())
      .catch((error: unknown) => this.fail("error", `close: ${String(error)}`));
  }

  /** The process is no more; unless the run is over another one is started. */
  #gone(): void {
    const { world } = this;
    this.note(this.node?.name ?? "", "is gone");
    this.node = undefined;
    this.#checks = undefined;
    this.#closing = false;
    world.loop = undefined;
    if (world.now.at < this.#options.minutes * MINUTE) world.after(world.between(300, 8_000), () => this.#start());
  }

  /** Everything is repaired, and an operator cleans up. */
  #rest(): void {
    this.#resting = true;
    this.note("everybody", "rests");
    const { node, world, town } = this;
    town.rest();
    if (node) node.store.away = false;
    node?.loop.goOn();
    for (const afterMs of [REST_MS / 2, REST_MS / 2 + MINUTE]) {
      world.after(afterMs, () => {
        if (!this.node) return;
        this.node.store.away = false;
        const { sweeper, reconciler } = this.node;
        this.node.loop.arrive(world.now.at, () => void sweeper.sweep().then(() => reconciler.reconcile()));
      });
    }
  }
}
