import { expect, test } from "vitest";
import type { BackendEvent } from "@lastseen/protocol";
import { Emitter } from "../../../src/kernel/emitter.js";
import { MemoryEventLog } from "../../../src/memory/memory-event-log.js";
import { MemoryEvents } from "../../../src/memory/memory-events.js";
import { MemoryStore } from "../../../src/memory/memory-store.js";
import type { LifecycleEvents } from "../../../src/session/events.js";
import type { Attempt } from "../../../src/webhook/http-sender.js";
import { Webhooks } from "../../../src/webhook/webhooks.js";
import { ManualClock } from "../../support/manual-clock.js";

const MOST = 100_000;

test(
  "nothing is dropped before 100,000 events wait; then each newer event drops the oldest, and one event tells how many",
  { timeout: 120_000 },
  async () => {
    const clock = new ManualClock();
    const log = new MemoryEventLog(new MemoryEvents(new MemoryStore(clock)), "a");
    const taken: BackendEvent[] = [];
    let answer: Attempt = { kind: "failed", why: "ECONNREFUSED" };
    const webhooks = new Webhooks({
      clock,
      nodeId: "a",
      log,
      send: async (events) => {
        if (answer.kind === "delivered") taken.push(...events);
        return answer;
      },
      random: () => 0,
      listenerFailed: (error) => expect.unreachable(String(error)),
      limits: { batch: 100 },
    });
    let dropped = 0;
    webhooks.events.on("dropped", ({ count }) => (dropped += count));
    const lifecycle = new Emitter<LifecycleEvents>((error) => expect.unreachable(String(error)));
    webhooks.follow(lifecycle, () => false, true);
    const tell = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n += 1) {
        lifecycle.emit("call_finished", { callId: `call-${n % 30_000}`, outcome: "ended" });
      }
      await clock.advance(0);
    };
    // The first event of a process is `node_started`.
    await tell(MOST - 1);
    expect([webhooks.size, dropped]).toEqual([MOST, 0]);
    await tell(50);
    await clock.advance(0);
    // One of the dropped events made room for the event that tells it.
    expect([webhooks.size, dropped]).toEqual([MOST, 51]);
    expect(webhooks.health.dropped).toMatchObject([{ cause: "queue_full", count: 51 }]);

    answer = { kind: "delivered" };
    await clock.advance(120_000);
    expect(webhooks.size).toBe(0);
    const told = taken.filter(({ type }) => type === "events_dropped");
    expect(told.map(({ count }) => count)).toEqual([50, 1]);
    expect(taken.length - told.length).toBe(MOST + 50 - 51);
    const latest = new Map<string, number>();
    let late = 0;
    for (const { callId = "", sequence } of taken) {
      if (sequence < (latest.get(callId) ?? 0)) late += 1;
      latest.set(callId, sequence);
    }
    expect(late).toBe(0);
  },
);
