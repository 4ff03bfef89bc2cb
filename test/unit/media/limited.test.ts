import { expect, test } from "vitest";
import { TimeLimitError } from "../../../src/kernel/time-limit.js";
import { limited } from "../../../src/media/workers/limited.js";
import { ManualClock } from "../../support/manual-clock.js";

class StalledClock extends ManualClock {
  /** Answers that wait unread while the process stands still. */
  onPoll = (): void => {};

  override async pollPhase(): Promise<void> {
    this.onPoll();
    await super.pollPhase();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function pending<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve };
}

test("an answer that waits unread when the limit passes still counts", async () => {
  const clock = new StalledClock();
  const { promise, resolve } = pending<string>();
  clock.onPoll = () => resolve("answer");
  const undone: string[] = [];
  const result = limited(clock, 100, "it", promise, (late) => undone.push(late));
  await clock.advance(100);
  expect(await result).toBe("answer");
  expect(undone).toEqual([]);
});

test("a result that comes after the limit is undone", async () => {
  const clock = new StalledClock();
  const { promise, resolve } = pending<string>();
  const undone: string[] = [];
  const result = limited(clock, 100, "it", promise, (late) => undone.push(late));
  const failed = expect(result).rejects.toThrow(TimeLimitError);
  await clock.advance(100);
  await failed;
  resolve("late");
  await promise;
  await clock.advance(0);
  expect(undone).toEqual(["late"]);
  expect(clock.pendingTimers).toBe(0);
});

test("a failure is passed on as it is and leaves no timer", async () => {
  const clock = new ManualClock();
  await expect(limited(clock, 100, "it", Promise.reject(new Error("no")))).rejects.toThrow("no");
  await clock.advance(0);
  expect(clock.pendingTimers).toBe(0);
});
