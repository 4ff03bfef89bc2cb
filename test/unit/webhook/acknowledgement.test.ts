import { expect, test } from "vitest";
import { MemoryEventLog } from "../../../src/memory/memory-event-log.js";
import { MemoryEvents } from "../../../src/memory/memory-events.js";
import { MemoryStore } from "../../../src/memory/memory-store.js";
import { Acknowledgement } from "../../../src/webhook/acknowledgement.js";
import { ManualClock } from "../../support/manual-clock.js";

/** A log that can be away, and that keeps the acknowledged ids. */
class NotingLog extends MemoryEventLog {
  isAway = false;
  attempts = 0;
  readonly noted: string[][] = [];

  override async acknowledge(ids: readonly string[]): Promise<void> {
    this.attempts += 1;
    if (this.isAway) throw new Error("the log is away");
    this.noted.push([...ids]);
  }
}

function scene() {
  const clock = new ManualClock();
  const log = new NotingLog(new MemoryEvents(new MemoryStore(clock)), "a");
  return { clock, log, acknowledgement: new Acknowledgement({ clock, log, random: () => 0 }) };
}

const ids = (count: number, from = 0) => Array.from({ length: count }, (_, n) => `1-${from + n}`);

test("the ids of one second are acknowledged together, and 200 ids without waiting", async () => {
  const { clock, log, acknowledgement } = scene();
  for (const id of ids(3)) acknowledgement.add(id);
  await clock.advance(999);
  expect(log.attempts).toBe(0);
  await clock.advance(1);
  expect(log.noted).toEqual([ids(3)]);
  for (const id of ids(450, 3)) acknowledgement.add(id);
  await clock.advance(0);
  expect(log.noted.slice(1)).toEqual([ids(200, 3), ids(200, 203)]);
  await clock.advance(1_000);
  expect(log.noted.flat()).toEqual(ids(453));
  expect(clock.pendingTimers).toBe(0);
});

test("while the log is away there is an attempt after 1, 2, 4 and then every 8 s, and no id is lost", async () => {
  const { clock, log, acknowledgement } = scene();
  log.isAway = true;
  for (const id of ids(300)) acknowledgement.add(id);
  await clock.advance(0);
  expect(log.attempts).toBe(1);
  acknowledgement.add("1-300");
  await clock.advance(7_000 + 16_000);
  expect(log.attempts).toBe(6);
  log.isAway = false;
  await clock.advance(8_000 + 1_000);
  expect(log.noted.flat()).toEqual(ids(301));
});

test("closing makes one more attempt", async () => {
  const { clock, log, acknowledgement } = scene();
  for (const id of ids(150)) acknowledgement.add(id);
  await acknowledgement.close();
  expect(log.noted).toEqual([ids(150)]);
  const away = scene();
  away.log.isAway = true;
  away.acknowledgement.add("1-1");
  await away.acknowledgement.close();
  expect(away.log.attempts).toBe(1);
  expect([clock.pendingTimers, away.clock.pendingTimers]).toEqual([0, 0]);
});
