import { expect } from "vitest";
import type { BackendEvent, NewBackendEvent } from "@lastseen/protocol";
import { Emitter } from "../../../src/kernel/emitter.js";
import { DELIVERY_RESULTS, type DeliveryResult, type WebhookEvents } from "../../../src/webhook/events.js";
import type { Attempt, Send } from "../../../src/webhook/http-sender.js";

let count = 0;

export function newEvent(userId: string, more: Partial<NewBackendEvent> = {}): NewBackendEvent {
  count += 1;
  const ids = { roomId: "daily", userId, sessionId: `s-${userId}`, epoch: 1 };
  return { type: "joined", at: 1_700_000_000_000 + count, nodeId: "a", sequence: count, ...ids, ...more };
}

export function event(userId: string, more: Partial<BackendEvent> = {}): BackendEvent {
  const made = newEvent(userId, more);
  return { id: `1-${made.sequence}`, ...made };
}

/** All reports of the deliverer by name, and counts of the results of attempts. */
export class Told {
  readonly events = new Emitter<WebhookEvents>((error) => expect.unreachable(String(error)));
  readonly said: [keyof WebhookEvents, unknown][] = [];
  readonly results = Object.fromEntries(DELIVERY_RESULTS.map((result) => [result, 0]));

  constructor() {
    const add = (result: DeliveryResult, by: number) => (this.results[result] = (this.results[result] ?? 0) + by);
    this.events.on("outcome", ({ result, count: by }) => add(result, by));
    const names = [
      "failing",
      "recovered",
      "refused",
      "given_up",
      "drops_told",
      "overflowing",
      "log_failing",
      "log_recovered",
      "taken_over",
      "taken_by_other",
      "takeover_failed",
    ] as const;
    this.events.on("dropped", ({ count: by }) => add("dropped", by));
    for (const name of names) this.events.on(name, (payload) => this.said.push([name, payload]));
  }

  get names(): string[] {
    return this.said.map(([name]) => name);
  }
}

/** A backend that answers when the test wants. */
export class Backend {
  /** The requests that it received, in order. */
  readonly requests: BackendEvent[][] = [];
  /** Answers a request with one event. */
  answer: (event: BackendEvent) => Attempt | Promise<Attempt> = () => ({ kind: "delivered" });
  /** Answers a request. When the test sets nothing else, it is answered like the first of its events that is not taken. */
  answerAll: (events: readonly BackendEvent[]) => Attempt | Promise<Attempt> = async (events) => {
    const answers = await Promise.all(events.map(async (each) => this.answer(each)));
    return answers.find(({ kind }) => kind !== "delivered") ?? { kind: "delivered" };
  };

  readonly send: Send = async (sent) => {
    this.requests.push([...sent]);
    return this.answerAll(sent);
  };

  /** The events that it received, in order. */
  get sent(): BackendEvent[] {
    return this.requests.flat();
  }

  get users(): (string | null)[] {
    return this.sent.map(({ userId }) => userId);
  }
}
