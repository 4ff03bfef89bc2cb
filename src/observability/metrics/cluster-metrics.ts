import type { ClusterEvents } from "../../cluster/events.js";
import { MOVABLE_KINDS, type MovableKind } from "../../cluster/movable.js";
import { ADDRESS_PROBLEMS, type AddressProblem } from "../../cluster/wrong-address.js";
import type { Emitter } from "../../kernel/emitter.js";
import type { Bus } from "../../ports/bus.js";
import { NODE_MESSAGES } from "../../ports/node-messages.js";
import { FAILURE_KINDS } from "../../ports/store-failure.js";
import { DELIVERY_RESULTS, DROP_CAUSES, type WebhookEvents } from "../../webhook/events.js";
import type { Instruments } from "../instruments.js";

/** What this node sees of Redis, and the errors of its commands by operation and by kind. */
export interface RedisHealth {
  isUp(): boolean;
  errors(): ReadonlyMap<string, number>;
  failures(): ReadonlyMap<string, number>;
  harmfulPolicy(): string | undefined;
}

/** What this node sees: Redis, the other nodes, and the webhooks that wait for your backend. */
export class ClusterMetrics {
  readonly #instruments: Instruments;

  constructor(instruments: Instruments) {
    this.#instruments = instruments;
  }

  /** @param redis undefined when this node is alone */
  follow(events: Emitter<ClusterEvents>, redis: RedisHealth | undefined, bus: Pick<Bus, "on">): void {
    this.#followNodes(events, redis === undefined);
    this.#followAddresses(events);
    const messages = this.#instruments.counter(
      "node_messages_total",
      "Messages of other nodes that have arrived here.",
      {
        kind: Object.keys(NODE_MESSAGES),
      },
    );
    bus.on("message", ({ message }) => messages.inc({ kind: message.type }));
    this.#instruments.gauge(
      "redis_up",
      "Whether Redis answers and accepts writes; 1 also where none is used.",
      [],
      (gauge) => gauge.set(redis?.isUp() === false ? 0 : 1),
    );
    this.#instruments.gauge("redis_evicts", "1 when Redis deletes keys as soon as its memory is full.", [], (gauge) =>
      gauge.set(redis?.harmfulPolicy() === undefined ? 0 : 1),
    );
    const lost = new Map<string, number>();
    events.on("store_lost", ({ parts }) => parts.forEach((part) => lost.set(part, (lost.get(part) ?? 0) + 1)));
    this.#instruments.mirrorAll("redis_lost_keys_total", "Losses of keys that this node has found in Redis.", {
      label: "key",
      known: ["sessions", "rooms", "leases", "calls"],
      read: () => lost,
    });
    this.#instruments.mirrorAll("redis_errors_total", "Commands to Redis that failed.", {
      label: "operation",
      known: ["connect", "subscribe", "receive", "renew"],
      read: () => redis?.errors() ?? new Map<string, number>(),
    });
    this.#instruments.mirrorAll("redis_failures_total", "Commands to Redis that failed, by what Redis said.", {
      label: "kind",
      known: FAILURE_KINDS,
      read: () => redis?.failures() ?? new Map<string, number>(),
    });
  }

  /** @param webhooks undefined when no webhooks are configured */
  followWebhooks(webhooks: { size: number; events: Emitter<WebhookEvents> } | undefined): void {
    const deliveries = this.#instruments.counter("webhook_deliveries_total", "Events by what became of them.", {
      result: DELIVERY_RESULTS,
    });
    const drops = this.#instruments.counter("webhook_events_dropped_total", "Events that your backend will not get.", {
      cause: DROP_CAUSES,
    });
    webhooks?.events.on("outcome", ({ result, count }) => deliveries.inc({ result }, count));
    webhooks?.events.on("dropped", ({ cause, count }) => {
      deliveries.inc({ result: "dropped" }, count);
      drops.inc({ cause }, count);
    });
    this.#instruments.gauge("webhook_queue_length", "Events that your backend has not got yet.", [], (gauge) =>
      gauge.set(webhooks?.size ?? 0),
    );
  }

  #followAddresses(events: Emitter<ClusterEvents>): void {
    const wrong = new Map<string, AddressProblem>();
    events.on("address_wrong", ({ nodeId, problem }) => wrong.set(nodeId, problem));
    events.on("address_cleared", ({ nodeId }) => wrong.delete(nodeId));
    this.#instruments.gauge(
      "nodes_wrong_address",
      "Other nodes whose PUBLIC_URL does not lead to them, as this one sees it.",
      ["kind"],
      (gauge) => {
        const found = [...wrong.values()];
        for (const kind of ADDRESS_PROBLEMS) gauge.set({ kind }, found.filter((each) => each === kind).length);
      },
    );
  }

  #followNodes(events: Emitter<ClusterEvents>, alone: boolean): void {
    let seen = 1;
    let hasLease = alone;
    const takeovers = this.#instruments.counter("takeovers_total", "Dead nodes whose sessions were taken over here.", {
      result: ["completed", "failed"],
    });
    events.on("taken_over", ({ result }) => takeovers.inc({ result }));
    const moved = this.#instruments.counter(
      "sessions_rebalanced_total",
      "Sessions that this node gave to a node with fewer than its share, by what they were in.",
      { kind: MOVABLE_KINDS.map(labelOf) },
    );
    events.on("moved_to_share", ({ kind, sessions }) => moved.inc({ kind: labelOf(kind) }, sessions));
    events.on("lease_lost", () => (hasLease = false));
    events.on("renewed", ({ nodes }) => {
      hasLease = true;
      seen = nodes.filter(({ expired }) => !expired).length;
    });
    this.#instruments.gauge(
      "nodes",
      "1 while this node holds its lease; the sum is the number of nodes.",
      [],
      (gauge) => gauge.set(hasLease ? 1 : 0),
    );
    this.#instruments.gauge("nodes_seen", "Nodes that this one knows of, itself included.", [], (gauge) =>
      gauge.set(seen),
    );
  }
}

function labelOf(kind: MovableKind): string {
  return kind.replace(" ", "_");
}
