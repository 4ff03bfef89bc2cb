import { Membership } from "../../../src/cluster/membership.js";
import type { ClusterEvents } from "../../../src/cluster/events.js";
import { Takeover } from "../../../src/cluster/takeover.js";
import { delay, type Clock } from "../../../src/kernel/clock.js";
import { Emitter } from "../../../src/kernel/emitter.js";
import { DisposalStack } from "../../../src/kernel/disposal-stack.js";
import { MemoryBus, MemoryHub } from "../../../src/memory/memory-bus.js";
import { MemoryDirectory } from "../../../src/memory/memory-directory.js";
import { MemoryEventLog } from "../../../src/memory/memory-event-log.js";
import { MemoryEvents } from "../../../src/memory/memory-events.js";
import { MemoryStore } from "../../../src/memory/memory-store.js";
import type { BackendEvent } from "@lastseen/protocol";
import type { EventLog } from "../../../src/ports/event-log.js";
import type { LifecycleEvents } from "../../../src/session/events.js";
import type { Attempt, Send } from "../../../src/webhook/http-sender.js";
import type { DeliveryLimits } from "../../../src/webhook/deliverer.js";
import { Webhooks } from "../../../src/webhook/webhooks.js";
import { shareWebhooks } from "../../../src/composition/webhooks.js";
import { ManualClock } from "../../support/manual-clock.js";
import type { Random } from "../../support/random.js";

const LONGEST_ANSWER_MS = 300;

/** One process. It can die at any moment, and can lose its path to the store for a while. */
export class FallibleProcess {
  readonly nodeId: string;
  readonly lifecycle: Emitter<LifecycleEvents>;
  readonly #world: FallibleWorld;
  readonly #membership: Membership;
  readonly #webhooks: Webhooks;
  isDead = false;
  isStopping = false;
  isCutOff = false;
  /** Whether other nodes may have delivered in its place. */
  wasCutOff = false;

  constructor(world: FallibleWorld, nodeId: string) {
    this.#world = world;
    this.nodeId = nodeId;
    const failed = (error: unknown): void => void world.errors.push(error);
    const clock = this.#mortalClock(world.clock);
    const directory = this.#fallible(new MemoryDirectory(world.store, nodeId), [
      "register",
      "renew",
      "takeOver",
      "resign",
    ]);
    const log: EventLog = this.#fallible(new MemoryEventLog(world.events, nodeId), [
      "append",
      "acknowledge",
      "takeOver",
    ]);
    const random = (): number => world.random.next();
    const send: Send = (sent) => this.#unlessDead(() => world.receive(sent));
    const { limits } = world;
    this.#webhooks = new Webhooks({ clock, nodeId, log, send, random, listenerFailed: failed, limits });
    const events = new Emitter<ClusterEvents>(failed);
    const bus = new MemoryBus(world.hub, nodeId, failed);
    this.#membership = new Membership({ clock, directory, bus, url: undefined, events });
    const takeover = new Takeover({ clock, directory, events, adopt: () => Promise.resolve(0) });
    events.on("renewed", () => takeover.begin(this.#membership.dead(), 1));
    this.lifecycle = new Emitter(failed);
    this.#webhooks.follow(this.lifecycle, () => false, false);
    shareWebhooks(this.#webhooks, events, clock, new DisposalStack(failed));
  }

  start(): void {
    void this.#membership.start();
  }

  /** Stops in order: gives up its lease, and tries once more to deliver. */
  async stop(): Promise<void> {
    this.isStopping = true;
    await this.#membership.close();
    await this.#webhooks.close();
    this.isDead = true;
  }

  /** Adds an event about a subject. Events about the same subject must arrive in order. */
  tell(about: string): void {
    this.lifecycle.emit("call_finished", { callId: about, outcome: "ended" });
  }

  #mortalClock(clock: Clock): Clock {
    return {
      mono: () => clock.mono(),
      wall: () => clock.wall(),
      after: (delayMs, run) => clock.after(delayMs, () => (this.isDead ? undefined : run())),
      pollPhase: () => clock.pollPhase(),
    };
  }

  /** A dead process gets no answer. */
  async #unlessDead<T>(work: () => Promise<T>): Promise<T> {
    if (this.isDead) return new Promise(() => {});
    const outcome = await work().then(
      (value) => () => value,
      (error: unknown) => () => {
        throw error;
      },
    );
    return this.isDead ? new Promise(() => {}) : outcome();
  }

  /**
   * The same object, but its named methods sometimes fail, before or after they have done their work. A takeover asks the store
   * several questions, so that a log has taken over nothing when one of them fails.
   */
  #fallible<T extends object>(target: T, names: readonly (keyof T)[]): T {
    for (const name of names) {
      const method = (target[name] as (...args: unknown[]) => Promise<unknown>).bind(target);
      const fallible = (...args: unknown[]): Promise<unknown> =>
        this.#unlessDead(async () => {
          const { random, clock, isCalm } = this.#world;
          if (this.isCutOff || (!isCalm && random.next() < 0.03)) throw new Error("the store was not reached");
          const answer = await method(...args);
          await delay(clock, random.below(20));
          if (!isCalm && name !== "takeOver" && random.next() < 0.03) throw new Error("the answer was lost");
          return answer;
        });
      Object.defineProperty(target, name, { value: fallible });
    }
    return target;
  }
}

/** Nodes that start and stop with one store, and a backend that fails at times. */
export class FallibleWorld {
  readonly clock = new ManualClock();
  readonly store = new MemoryStore(this.clock);
  readonly events = new MemoryEvents(this.store, 1_000_000);
  readonly hub = new MemoryHub();
  readonly random: Random;
  readonly errors: unknown[] = [];
  readonly processes: FallibleProcess[] = [];
  /** The events that the backend took, in order. */
  readonly taken: BackendEvent[] = [];
  /** The most events that the backend took in one request. */
  largest = 0;
  backendIsUp = true;
  /** Ends all faults. */
  isCalm = false;

  readonly limits: Partial<DeliveryLimits>;

  constructor(random: Random, limits: Partial<DeliveryLimits>) {
    this.random = random;
    this.limits = limits;
  }

  get alive(): FallibleProcess[] {
    return this.processes.filter(({ isDead }) => !isDead);
  }

  start(nodeId: string): FallibleProcess {
    const started = new FallibleProcess(this, nodeId);
    this.processes.push(started);
    started.start();
    return started;
  }

  /** The backend's answer. The backend may take some or all of the events although its answer is lost. */
  async receive(sent: readonly BackendEvent[]): Promise<Attempt> {
    await delay(this.clock, this.random.below(LONGEST_ANSWER_MS));
    if (!this.backendIsUp) return { kind: "failed", why: "ECONNREFUSED" };
    if (!this.isCalm && this.random.next() < 0.05) return { kind: "refused", why: "HTTP 409" };
    this.largest = Math.max(this.largest, sent.length);
    const isAnswered = this.isCalm || this.random.next() > 0.03;
    this.taken.push(...(isAnswered ? sent : sent.slice(0, 1 + this.random.below(sent.length))));
    return isAnswered ? { kind: "delivered" } : { kind: "failed", why: "ECONNRESET" };
  }
}
