import { expect, test } from "vitest";
import { VirtualTime } from "../../../src/kernel/virtual-time.js";
import { ManualClock } from "../../support/manual-clock.js";

test("virtual time follows the clock as long as ticks come regularly", () => {
  const clock = new ManualClock();
  const time = new VirtualTime(clock, 500);
  for (let tick = 0; tick < 100; tick++) {
    clock.stall(250);
    expect(time.tick()).toBe(0);
  }
  expect(time.now()).toBe(25_000);
  expect(time.creditMs).toBe(0);
});

test("a stall moves virtual time by one step at most, and the rest is credited", () => {
  const clock = new ManualClock();
  const time = new VirtualTime(clock, 500);
  clock.stall(60_000);
  expect(time.now()).toBe(500);
  expect(time.tick()).toBe(59_500);
  expect(time.now()).toBe(500);
  clock.stall(250);
  expect(time.now()).toBe(750);
  expect(time.creditMs).toBe(59_500);
});

test("a jump of the wall clock does not move virtual time", () => {
  const clock = new ManualClock();
  const time = new VirtualTime(clock, 500);
  clock.wallOffset += 86_400_000;
  expect(time.now()).toBe(0);
  clock.wallOffset -= 2 * 86_400_000;
  expect(time.tick()).toBe(0);
});

test("virtual time has whole milliseconds, and loses none of the parts", () => {
  const clock = new ManualClock();
  const time = new VirtualTime(clock, 500);
  for (let tick = 0; tick < 1_000; tick++) {
    clock.stall(0.75);
    time.tick();
    expect(Number.isInteger(time.now())).toBe(true);
  }
  expect(time.now()).toBe(750);
});
