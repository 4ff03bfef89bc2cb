import { expect, test } from "vitest";
import { HoldGuard } from "../../../src/reaper/hold-guard.js";

test("when few of many sessions are due, they are reaped at once", () => {
  const guard = new HoldGuard(10_000);
  expect(guard.decide(49, 100, 0)).toBe("go");
  expect(guard.decide(200, 1_000, 0)).toBe("go");
});

test("when a large part of all sessions is due, they are held once, for a bounded time", () => {
  const guard = new HoldGuard(10_000);
  expect(guard.decide(600, 1_000, 0)).toBe("began");
  expect(guard.decide(600, 1_000, 250)).toBe("hold");
  expect(guard.decide(600, 1_000, 9_999)).toBe("hold");
  expect(guard.decide(600, 1_000, 10_000)).toBe("go");
});

test("when most sessions came back, the others are still held to the end", () => {
  const guard = new HoldGuard(10_000);
  guard.decide(600, 1_000, 0);
  expect(guard.decide(3, 1_000, 5_000)).toBe("hold");
  expect(guard.decide(3, 1_000, 10_000)).toBe("go");
});

test("after a pass that found nothing, the next burst is held again", () => {
  const guard = new HoldGuard(10_000);
  guard.decide(600, 1_000, 0);
  expect(guard.decide(600, 1_000, 10_000)).toBe("go");
  expect(guard.decide(0, 400, 10_250)).toBe("go");
  expect(guard.decide(200, 400, 60_000)).toBe("began");
});

test("after its hold, the guard holds the next burst too, even when some session is always due", () => {
  const guard = new HoldGuard(10_000);
  expect(guard.decide(600, 1_000, 0)).toBe("began");
  expect(guard.decide(600, 1_000, 10_000)).toBe("go");
  for (let now = 10_250; now < 60_000; now += 250) expect(guard.decide(3, 400, now)).toBe("go");
  expect(guard.decide(200, 400, 60_000)).toBe("began");
});

test("no session waits longer than one hold, even when others fall due meanwhile", () => {
  const guard = new HoldGuard(10_000);
  expect(guard.decide(300, 1_000, 0)).toBe("began");
  expect(guard.decide(900, 1_000, 9_000)).toBe("hold");
  expect(guard.decide(900, 1_000, 10_000)).toBe("go");
  expect(guard.decide(500, 600, 10_250)).toBe("go");
});
