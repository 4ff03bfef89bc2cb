import { expect, test } from "vitest";
import { MemoryEventLog } from "../../../src/memory/memory-event-log.js";
import { MemoryEvents } from "../../../src/memory/memory-events.js";
import { MemoryStore } from "../../../src/memory/memory-store.js";
import type { BackendEvent, NewBackendEvent } from "@lastseen/protocol";
import { Outbox } from "../../../src/webhook/outbox.js";
import { ManualClock } from "../../support/manual-clock.js";
import { newEvent, Told } from "./world.js";

/** A log that can be away. */
class SwitchedLog extends MemoryEventLog {
  isAway = false;
  attempts = 0;

  override append(events: readonly NewBackendEvent[]): Promise<readonly BackendEvent[]> {
    this.attempts += 1;
    return this.isAway ? Promise.reject(new Error("the log is away")) : super.append(events);
  }
}

function scene(most = 500) {
  const clock = new ManualClock();
  const log = new SwitchedLog(new MemoryEvents(new MemoryStore(clock)), "a");
  const told = new Told();
  const delivered: BackendEvent[] = [];
  const deliver = (event: BackendEvent) => void delivered.push(event);
  const lost: NewBackendEvent[] = [];
  const dropped = (_cause: string, event: NewBackendEvent) => void lost.push(event);
  const outbox = new Outbox({ clock, log, events: told.events, random: () => 0, most, deliver, dropped });
  return { clock, log, told, delivered, lost, outbox };
}

test("the log gives the events their ids in the order in which they happened", async () => {
  const { clock, delivered, outbox } = scene();
  const events = Array.from({ length: 250 }, (_, n) => newEvent(`user-${n}`));
  for (const event of events) outbox.add(event);
  expect(outbox.size).toBe(250);
  await clock.advance(0);
  expect(delivered.map(({ id: _id, ...event }) => event)).toEqual(events);
  expect(delivered.map(({ id }) => id)).toEqual(events.map((_, n) => `1700000000000-${n + 1}`));
  expect(outbox.size).toBe(0);
  // Added when the outbox seemed empty.
  outbox.add(newEvent("late"));
  await clock.advance(0);
  expect(delivered).toHaveLength(251);
});

test("while the log is away events wait; when there are too many the oldest are dropped, and one warning tells it", async () => {
  const { clock, log, told, delivered, lost, outbox } = scene(200);
  log.isAway = true;
  for (let n = 0; n < 300; n += 1) outbox.add(newEvent(`user-${n}`));
  await clock.advance(0);
  await clock.advance(7_500);
  expect(log.attempts).toBe(4);
  expect(told.names).toEqual(["overflowing", "log_failing"]);
  expect(told.said[0]).toEqual(["overflowing", { waiting: 200, logged: false }]);
  log.isAway = false;
  await clock.advance(10_000);
  expect(told.names).toEqual(["overflowing", "log_failing", "log_recovered"]);
  expect(delivered.at(-1)?.userId).toBe("user-299");
  // The first event was being written when the others came.
  expect(lost).toHaveLength(99);
  const all = new Set(Array.from({ length: 300 }, (_, n) => `user-${n}`));
  expect(new Set([...lost, ...delivered].map(({ userId }) => userId))).toEqual(all);
  expect(lost.length + delivered.length).toBe(300);
  expect(outbox.size).toBe(0);
});

test("when the log is back the pause ends at once", async () => {
  const { clock, log, delivered, outbox } = scene();
  log.isAway = true;
  outbox.add(newEvent("ada"));
  await clock.advance(0);
  await clock.advance(31_000);
  outbox.retry();
  await clock.advance(0);
  expect(delivered).toEqual([]);
  log.isAway = false;
  outbox.retry();
  await clock.advance(0);
  expect(delivered.map(({ userId }) => userId)).toEqual(["ada"]);
  expect(clock.pendingTimers).toBe(0);
});

test("closing waits for one more attempt only", async () => {
  const { clock, log, outbox } = scene();
  log.isAway = true;
  outbox.add(newEvent("ada"));
  await clock.advance(0);
  await outbox.close();
  expect(log.attempts).toBe(2);
  expect(outbox.size).toBe(1);
  expect(clock.pendingTimers).toBe(0);
});

test("closing during a pause tries once more, so that a log that is back gets the events", async () => {
  const { clock, log, delivered, outbox } = scene();
  log.isAway = true;
  outbox.add(newEvent("ada"));
  await clock.advance(0);
  log.isAway = false;
  await outbox.close();
  expect(delivered.map(({ userId }) => userId)).toEqual(["ada"]);
  expect(outbox.size).toBe(0);
});

test("what waits for the log goes on when the events before it are written, and not before", async () => {
  const { clock, log, outbox } = scene();
  const answers: (() => void)[] = [];
  const append = log.append.bind(log);
  log.append = async (events) => {
    await new Promise<void>((resolve) => answers.push(resolve));
    return append(events);
  };
  const done: string[] = [];
  const follow = (name: string) => void outbox.written().then(() => done.push(name));
  follow("nothing before it");
  outbox.add(newEvent("ada"));
  outbox.add(newEvent("bob"));
  follow("two before it");
  await clock.advance(0);
  outbox.add(newEvent("eve"));
  follow("three before it");
  await clock.advance(0);
  expect(done).toEqual(["nothing before it"]);
  // The first batch has only the event that came first.
  for (const expected of [1, 2, 3]) {
    answers.shift()?.();
    await clock.advance(0);
    if (answers.length === 0) expect(done.length).toBeGreaterThanOrEqual(expected);
  }
  expect(done).toEqual(["nothing before it", "two before it", "three before it"]);
});

test("nothing waits for a log that is away", async () => {
  const { clock, log, outbox } = scene();
  log.isAway = true;
  outbox.add(newEvent("ada"));
  const waiting = outbox.written();
  await clock.advance(0);
  await waiting;
  await outbox.written();
  expect(outbox.size).toBe(1);
});
