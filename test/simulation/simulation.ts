/**
 * One run: a service and its users for some simulated time. All chance comes from a seed, so the same seed gives the same run.
 */
import type { DuplicatePolicy } from "../../src/room/duplicates.js";
import { callOfRoom } from "../../src/ports/call-store.js";
import { Random } from "../support/random.js";
import { checkPagesAtEnd, checkPagesAtRest } from "./checks/pages.js";
import type { CountKind, Invariant, Scene } from "./checks/scene.js";
import { letMishapsHappen, type Victims } from "./mishaps.js";
import type { Page } from "./people/page.js";
import { Town } from "./people/town.js";
import { Host } from "./service/host.js";
import type { NodeVariants } from "./service/node.js";
import { roomSizesOf } from "./service/settings.js";
import { makeToken, readToken } from "./service/tokens.js";
import { Trace } from "./trace.js";
import type { Peer } from "./world/peer.js";
import { World } from "./world/world.js";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** The quiet time at the end of a run, in which all sessions, calls and cleanups can finish. */
const REST_MS = 6 * MINUTE;
/** Number of trace lines that the run keeps. They explain a failure. */
const TRACE_LINES = 80;

export interface SimulationOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly variants?: NodeVariants | undefined;
  /** Runs every single watch instead of leaving out those that find nothing. */
  readonly everyWatch?: boolean;
  /** Keeps the whole trace instead of its end. */
  readonly keepTrace?: boolean;
}

export interface Failure {
  readonly invariant: Invariant;
  readonly message: string;
  readonly atMs: number;
}

/** Plain data: it also comes out of other threads. */
export interface Outcome {
  readonly seed: number;
  readonly failure: Failure | undefined;
  /** What happened last, one line each. */
  readonly trace: readonly string[];
  /** The same whenever the same happened. */
  readonly digest: string;
  readonly events: number;
  /** Counts of what happened, with names such as `session: opened` or `action: reloads`. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Runs one seed to its end, or until an invariant fails. */
export async function simulate(options: SimulationOptions): Promise<Outcome> {
  const simulation = new Simulation(options);
  const { stackTraceLimit } = Error;
  // A run makes many refusals, and each is an Error. Without stacks they take much less time.
  Error.stackTraceLimit = 0;
  try {
    await simulation.run();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  const { failure, trace, world, counts } = simulation;
  return { seed: options.seed, failure, trace: trace.last, digest: trace.digest, events: world.steps, counts };
}

class Stopped extends Error {}

class Simulation implements Scene, Victims {
  readonly world: World;
  readonly trace: Trace;
  readonly town: Town;
  readonly hosts: readonly [Host, ...Host[]];
  failure: Failure | undefined;
  readonly pages = new Set<Page>();
  /** Counts of what happened, by kind. */
  readonly #counts = new Map<CountKind, Map<string, number>>();
  readonly #minutes: number;
  #resting = false;
  #checkAt = 0;

  constructor({ seed, minutes, variants = {}, everyWatch = false, keepTrace = false }: SimulationOptions) {
    this.#minutes = minutes;
    this.trace = new Trace(keepTrace ? Infinity : TRACE_LINES);
    const random = new Random(seed);
    this.world = new World(random);
    const multiTabPolicy: DuplicatePolicy = random.pick(["transfer", "transfer", "transfer", "allow", "reject"]);
    const withTokens = this.world.chance(0.3);
    const peers = new Map<string, Peer>();
    const host = new Host({
      name: "service",
      scene: this,
      peers,
      multiTabPolicy,
      roomSizes: roomSizesOf(seed),
      authenticate: withTokens ? readToken : undefined,
      variants,
      everyWatch,
    });
    this.hosts = [host];
    this.town = new Town(
      {
        world: this.world,
        service: () => host.listening,
        peers,
        pages: this.pages,
        getToken: withTokens ? (userId) => makeToken(userId, this.world.now.at + host.wallOffset) : undefined,
        note: this.note,
        callNamed: this.callNamed,
        viewChanged: (page) => host.viewChanged(page),
        callEnded: (ending) => host.callEnded(ending),
        count: this.count,
      },
      {
        people: 3 + random.below(5),
        rooms: 1 + random.below(3),
        tabPolicy: random.pick([undefined, undefined, "allow", "reject"]),
      },
    );
    this.note("setting", `tabs: ${multiTabPolicy}${withTokens ? ", with tokens" : ""}`);
  }

  readonly nameOf = (sessionId: string): string => this.trace.nameOf(sessionId, "s");

  readonly callNamed = (callId: string): string => this.trace.nameOf(callId, "c");

  readonly roomNamed = (roomId: string): string => {
    const callId = callOfRoom(roomId);
    return callId === undefined ? roomId : `the room of ${this.callNamed(callId)}`;
  };

  readonly note = (who: string, what: string): void => this.trace.note(this.world.now.at, who, what);

  readonly mix = (number: number): void => this.trace.mix(number);

  readonly count = (kind: CountKind, what: string): void => {
    let ofKind = this.#counts.get(kind);
    if (!ofKind) this.#counts.set(kind, (ofKind = new Map()));
    ofKind.set(what, (ofKind.get(what) ?? 0) + 1);
  };

  /** The counts in one map, with keys `kind: what`. */
  get counts(): Map<string, number> {
    const counts = new Map<string, number>();
    for (const [kind, ofKind] of this.#counts) {
      for (const [what, count] of ofKind) counts.set(`${kind}: ${what}`, count);
    }
    return counts;
  }

  readonly fail = (invariant: Invariant, message: string): void => {
    this.failure ??= { invariant, message, atMs: this.world.now.at };
  };

  async run(): Promise<void> {
    const endMs = this.#minutes * MINUTE;
    for (const host of this.hosts) host.start();
    letMishapsHappen(this, () => this.#resting);
    try {
      await this.#pass(endMs - REST_MS);
      this.#rest();
      await this.#pass(endMs);
      for (const host of this.hosts) await host.atRest();
      checkPagesAtRest(this, this.hosts);
      await this.#end(endMs);
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
    }
    this.world.loops.clear();
    if (this.failure) this.note(this.failure.invariant, this.failure.message);
  }

  /** The service stops first while the clients try to come back. Then the clients stop. */
  async #end(endMs: number): Promise<void> {
    for (const host of this.hosts) host.retire();
    await this.#pass(endMs + MINUTE / 2);
    for (const host of this.hosts) {
      if (host.node) this.fail("V7", `${host.name} did not stop within half a minute`);
    }
    for (const page of this.pages) void page.client.disconnect();
    await this.#pass(endMs + MINUTE);
    checkPagesAtEnd(this);
    this.#assertHolds();
  }

  /** Lets time pass. Throws at the first failure. */
  #pass(until: number): Promise<void> {
    const { now } = this.world;
    return this.world.run(until, () => {
      for (const host of this.hosts) host.afterStep();
      if (now.at >= this.#checkAt) this.#everySecond();
      this.#assertHolds();
    });
  }

  #assertHolds(): void {
    if (this.failure) throw new Stopped(this.failure.message);
  }

  /** Runs after the first step of every second. */
  #everySecond(): void {
    this.#checkAt = Math.floor(this.world.now.at / SECOND) * SECOND + SECOND;
    for (const host of this.hosts) host.everySecond();
  }

  /** Repairs everything and lets an operator clean up. */
  #rest(): void {
    this.#resting = true;
    this.note("everybody", "rests");
    const { world, town, hosts } = this;
    town.rest();
    for (const host of hosts) {
      host.node?.repair();
      for (const afterMs of [REST_MS / 2, REST_MS / 2 + MINUTE]) {
        world.after(afterMs, () => {
          host.node?.repair();
          host.node?.loop.arrive(world.now.at, () => host.node?.cleanUp({ force: false }));
        });
      }
    }
  }
}
