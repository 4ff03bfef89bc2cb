import { expect, test } from "vitest";
import { ManualClock } from "../../support/manual-clock.js";
import { DeliveryHealth } from "../../../src/webhook/delivery-health.js";
import { Drops } from "../../../src/webhook/drops.js";
import type { Step } from "../../../src/webhook/translate.js";
import { Told } from "./world.js";

function scene() {
  const clock = new ManualClock();
  const told = new Told();
  const steps: Step[] = [];
  const drops = new Drops({ clock, events: told.events, tell: (step) => void steps.push(step) });
  return { clock, told, steps, drops, health: new DeliveryHealth(clock, told.events) };
}

const NOBODY = { type: "events_dropped", roomId: null, userId: null, sessionId: null, epoch: null };

test("the backend is told at once that events were dropped, and then every 10 s how many more", async () => {
  const { clock, told, steps, drops } = scene();
  for (const at of [5, 3, 9]) drops.add("queue_full", { at });
  expect(steps).toEqual([]);
  await clock.advance(0);
  expect(steps).toEqual([{ ...NOBODY, cause: "queue_full", count: 3, firstAt: 3, lastAt: 9 }]);
  await clock.advance(4_000);
  drops.add("queue_full", { at: 20 });
  drops.add("given_up", { at: 1 });
  await clock.advance(5_999);
  expect(steps).toHaveLength(1);
  await clock.advance(1);
  expect(steps.slice(1)).toEqual([
    { ...NOBODY, cause: "queue_full", count: 1, firstAt: 20, lastAt: 20 },
    { ...NOBODY, cause: "given_up", count: 1, firstAt: 1, lastAt: 1 },
  ]);
  expect(told.names).toEqual(["drops_told", "drops_told", "drops_told"]);
  await clock.advance(60_000);
  expect(steps).toHaveLength(3);
  expect(clock.pendingTimers).toBe(0);
});

test("when the event that tells of drops is dropped itself, its count is told again and counted once", async () => {
  const { clock, told, steps, drops } = scene();
  drops.add("log_away", { at: 5 });
  await clock.advance(0);
  drops.add("queue_full", { at: 100, ...steps[0] });
  drops.add("queue_full", { at: 7 });
  await clock.advance(10_000);
  expect(steps.slice(1)).toEqual([
    { ...NOBODY, cause: "log_away", count: 1, firstAt: 5, lastAt: 5 },
    { ...NOBODY, cause: "queue_full", count: 1, firstAt: 7, lastAt: 7 },
  ]);
  expect(told.results["dropped"]).toBe(2);
});

test("closing tells the rest and starts nothing more", async () => {
  const { clock, steps, drops } = scene();
  drops.add("queue_full", { at: 1 });
  drops.close();
  expect(steps).toHaveLength(1);
  drops.add("queue_full", { at: 2 });
  await clock.advance(60_000);
  expect(steps).toHaveLength(1);
  expect(clock.pendingTimers).toBe(0);
});

test("health is not ok for a minute after a drop, and names the dropped events for an hour", async () => {
  const { clock, drops, health } = scene();
  expect(health.isOk).toBe(true);
  drops.add("queue_full", { at: 1 });
  await clock.advance(59_999);
  expect(health.isOk).toBe(false);
  await clock.advance(1);
  expect(health.isOk).toBe(true);
  drops.add("queue_full", { at: 9 });
  await clock.advance(3_599_999);
  expect(health.dropped).toEqual([{ cause: "queue_full", count: 2, firstAt: 1, lastAt: 9 }]);
  await clock.advance(1);
  expect(health.dropped).toEqual([]);
  drops.add("queue_full", { at: 10 });
  expect(health.dropped).toEqual([{ cause: "queue_full", count: 1, firstAt: 10, lastAt: 10 }]);
});

test("health is not ok while the backend fails", () => {
  const { told, health } = scene();
  told.events.emit("failing", { why: "HTTP 503" });
  expect([health.isOk, health.failing]).toEqual([false, "HTTP 503"]);
  told.events.emit("recovered", { failures: 3 });
  expect([health.isOk, health.failing]).toEqual([true, undefined]);
});
