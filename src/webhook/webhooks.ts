import type { Clock } from "../kernel/clock.js";
import { Emitter } from "../kernel/emitter.js";
import { withTimeLimit } from "../kernel/time-limit.js";
import type { EventLog } from "../ports/event-log.js";
import type { LifecycleEvents } from "../session/events.js";
import { Deliverer, type DeliveryLimits } from "./deliverer.js";
import { DeliveryHealth } from "./delivery-health.js";
import { Drops, type Dropped } from "./drops.js";
import type { DropCause, WebhookEvents } from "./events.js";
import type { Send } from "./http-sender.js";
import { DeliveryTakeover } from "./delivery-takeover.js";
import { Outbox } from "./outbox.js";
import { Acknowledgement } from "./acknowledgement.js";
import { translate, type Step } from "./translate.js";

/** One event in a request, as most backends expect it. */
const LIMITS: DeliveryLimits = { waiting: 100_000, batch: 1, parallel: 8 };
const GIVE_UP_MS = 24 * 3_600_000;
/** When the service stops, it waits so long for the log, then for the backend, and then for the log again. */
const LAST_LOG_MS = 500;
const LAST_DELIVERIES_MS = 1_200;
const LAST_ACKNOWLEDGEMENT_MS = 300;

/** Tells the backend what happens to sessions, in order and at least once. No session waits for it. */
export class Webhooks {
  readonly events: Emitter<WebhookEvents>;
  readonly health: DeliveryHealth;
  readonly #clock: Clock;
  readonly #nodeId: string;
  readonly #drops: Drops;
  readonly #outbox: Outbox;
  readonly #deliverer: Deliverer;
  readonly #acknowledgement: Acknowledgement;
  readonly #takeover: DeliveryTakeover;
  #sequence = 0;
  #closing: Promise<void> | undefined;

  constructor(options: {
    clock: Clock;
    nodeId: string;
    log: EventLog;
    send: Send;
    /** From 0 to 1. */
    random: () => number;
    listenerFailed: (error: unknown, event: PropertyKey) => void;
    /** `waiting`: so many events may wait for the log, and as many for the backend. */
    limits?: Partial<DeliveryLimits>;
  }) {
    const { clock, log, send, random } = options;
    const limits = { ...LIMITS, ...options.limits };
    this.#clock = clock;
    this.#nodeId = options.nodeId;
    this.events = new Emitter(options.listenerFailed);
    const { events } = this;
    this.#drops = new Drops({ clock, events, tell: (step) => this.#tell(step) });
    const dropped = (cause: DropCause, event: Dropped): void => this.#drops.add(cause, event);
    this.health = new DeliveryHealth(clock, events);
    this.#acknowledgement = new Acknowledgement({ clock, log, random });
    const acknowledge = (id: string): void => this.#acknowledgement.add(id);
    const common = { clock, events, random, dropped };
    const deliverer = new Deliverer({ ...common, send, acknowledge, limits, giveUpMs: GIVE_UP_MS });
    this.#deliverer = deliverer;
    this.#takeover = new DeliveryTakeover({ ...common, log, deliverer });
    this.#outbox = new Outbox({ ...common, log, most: limits.waiting, deliver: (event) => deliverer.add(event) });
  }

  /** The number of events that the backend has not taken yet. */
  get size(): number {
    return this.#outbox.size + this.#deliverer.size;
  }

  /**
   * Sends an event for each step from now on.
   *
   * @param isOpen whether the room exists on this node
   * @param alone whether this node is the only one, so that no other node holds the sessions of before its start
   */
  follow(lifecycle: Emitter<LifecycleEvents>, isOpen: (roomId: string) => boolean, alone: boolean): void {
    this.takeOver([]);
    this.#tell({ type: "node_started", roomId: null, userId: null, sessionId: null, epoch: null, alone });
    translate(lifecycle, { nodeId: this.#nodeId, isOpen }, (step) => this.#tell(step));
  }

  /**
   * Delivers the events that dead nodes have left, before all events that happen here after this call.
   *
   * @param dead nodes that have been dead for long enough. The log finds other dead nodes by itself
   */
  takeOver(dead: readonly string[]): void {
    if (!this.#closing) this.#takeover.ask(dead);
  }

  /**
   * Resolves when everything that has happened here is in the log, or when the log does not answer. If this node dies after
   * that, another node tells it to the backend.
   */
  written(): Promise<void> {
    return this.#outbox.written();
  }

  /** The log answers again. */
  logIsBack(): void {
    this.#outbox.retry();
    this.takeOver([]);
  }

  /** Tries once more to deliver the waiting events, for two seconds at most. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #tell(step: Step): void {
    if (this.#closing) return;
    this.#sequence += 1;
    this.#outbox.add({ ...step, at: this.#clock.wall(), nodeId: this.#nodeId, sequence: this.#sequence });
  }

  async #close(): Promise<void> {
    this.#drops.close();
    await withTimeLimit(this.#clock, LAST_LOG_MS, "the log", this.#outbox.close()).catch(() => undefined);
    this.#takeover.close();
    await this.#deliverer.close(LAST_DELIVERIES_MS);
    const acknowledged = this.#acknowledgement.close();
    await withTimeLimit(this.#clock, LAST_ACKNOWLEDGEMENT_MS, "the log", acknowledged).catch(() => undefined);
    if (this.size > 0) {
      this.events.emit("left_behind", { logged: this.#deliverer.size, unlogged: this.#outbox.size });
    }
  }
}
