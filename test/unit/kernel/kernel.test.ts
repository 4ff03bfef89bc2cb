import { expect, test } from "vitest";
import { Emitter } from "../../../src/kernel/emitter.js";
import { KeyedQueue } from "../../../src/kernel/keyed-queue.js";
import { Loop } from "../../../src/kernel/loop.js";
import { DisposalStack } from "../../../src/kernel/disposal-stack.js";
import { TimeLimitError, withTimeLimit } from "../../../src/kernel/time-limit.js";
import { ManualClock } from "../../support/manual-clock.js";

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

test("a loop never runs its task twice at the same time, however long a run takes", async () => {
  const clock = new ManualClock();
  const gate = deferred();
  let runs = 0;
  const loop = new Loop({
    clock,
    intervalMs: 100,
    task: () => {
      runs += 1;
      return runs === 1 ? gate.promise : undefined;
    },
    onError: (error) => expect.unreachable(String(error)),
  });
  loop.start();
  await clock.advance(1_000);
  expect(runs).toBe(1);
  gate.resolve();
  await clock.advance(0);
  await clock.advance(100);
  expect(runs).toBe(2);
  await loop.close();
  await clock.advance(1_000);
  expect(runs).toBe(2);
  expect(clock.pendingTimers).toBe(0);
});

test("a run that fails is reported and the loop goes on", async () => {
  const clock = new ManualClock();
  const errors: unknown[] = [];
  let runs = 0;
  const loop = new Loop({
    clock,
    intervalMs: 100,
    task: () => {
      runs += 1;
      throw new Error(`run ${runs}`);
    },
    onError: (error) => errors.push(error),
  });
  loop.start();
  await clock.advance(350);
  expect(errors).toHaveLength(3);
  await loop.close();
});

test("tasks of one key run in order, tasks of other keys at the same time, and an idle queue keeps nothing", async () => {
  const queue = new KeyedQueue<string>();
  const gate = deferred();
  const seen: string[] = [];
  const first = queue.run("a", async () => {
    await gate.promise;
    seen.push("a1");
  });
  const second = queue.run("a", async () => void seen.push("a2"));
  await queue.run("b", async () => void seen.push("b1"));
  expect(seen).toEqual(["b1"]);
  gate.resolve();
  await Promise.all([first, second]);
  expect(seen).toEqual(["b1", "a1", "a2"]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(queue.size).toBe(0);
});

test("a task that fails does not stop the next of its key", async () => {
  const queue = new KeyedQueue<string>();
  const first = queue.run("a", () => Promise.reject(new Error("no")));
  const second = queue.run("a", () => Promise.resolve(2));
  await expect(first).rejects.toThrow("no");
  await expect(second).resolves.toBe(2);
});

test("an error of one listener does not reach the emitter or the other listeners", () => {
  const errors: unknown[] = [];
  const emitter = new Emitter<{ done: { value: number } }>((error) => errors.push(error));
  const seen: number[] = [];
  emitter.on("done", () => {
    throw new Error("bad listener");
  });
  const off = emitter.on("done", ({ value }) => seen.push(value));
  emitter.emit("done", { value: 1 });
  off();
  emitter.emit("done", { value: 2 });
  expect(seen).toEqual([1]);
  expect(errors).toHaveLength(2);
});

test("entries are disposed of in the opposite order, even when one fails", async () => {
  const seen: string[] = [];
  const disposals = new DisposalStack((_error, name) => seen.push(`${name} failed`));
  disposals.defer("first", () => void seen.push("first"));
  disposals.defer("second", () => Promise.reject(new Error("stuck")));
  disposals.defer("third", () => void seen.push("third"));
  await Promise.all([disposals.disposeAsync(), disposals.disposeAsync()]);
  expect(seen).toEqual(["third", "second failed", "first"]);
});

test("a time limit rejects when it runs out and leaves no timer when it does not", async () => {
  const clock = new ManualClock();
  await expect(withTimeLimit(clock, 100, "quick work", Promise.resolve(1))).resolves.toBe(1);
  await clock.advance(0);
  expect(clock.pendingTimers).toBe(0);
  const slow = withTimeLimit(clock, 100, "slow work", new Promise(() => undefined));
  const outcome = expect(slow).rejects.toBeInstanceOf(TimeLimitError);
  await clock.advance(100);
  await outcome;
});
