import { expect, test } from "vitest";
import type { EventLog, TakenOver } from "../../../src/ports/event-log.js";
import { Deliverer } from "../../../src/webhook/deliverer.js";
import { DeliveryTakeover } from "../../../src/webhook/delivery-takeover.js";
import { ManualClock } from "../../support/manual-clock.js";
import { Backend, event, Told } from "./world.js";

const NOTHING: TakenOver = { events: [], forgotten: [], taken: [] };

/** A log that answers each request when the test wants. */
class AskedLog implements EventLog {
  readonly questions: { dead: readonly string[]; answer: (takenOver: TakenOver) => void; fail: () => void }[] = [];

  takeOver(dead: readonly string[]): Promise<TakenOver> {
    return new Promise((resolve, reject) => {
      this.questions.push({ dead, answer: resolve, fail: () => reject(new Error("the log is away")) });
    });
  }

  append = () => Promise.resolve([]);
  read = () => Promise.resolve({ events: [], gap: false, next: undefined });
  acknowledge = () => Promise.resolve();
}

function scene() {
  const clock = new ManualClock();
  const backend = new Backend();
  const told = new Told();
  const log = new AskedLog();
  const common = { clock, events: told.events, random: () => 0 };
  const acknowledge = (): void => {};
  const forgotten: unknown[] = [];
  const dropped = (...what: unknown[]): void => void forgotten.push(what);
  const limits = { waiting: 100, batch: 1, parallel: 8 };
  const deliverer = new Deliverer({ ...common, acknowledge, dropped, send: backend.send, limits, giveUpMs: 1e9 });
  const takeover = new DeliveryTakeover({ ...common, dropped, log, deliverer });
  return { clock, backend, told, log, forgotten, deliverer, takeover };
}

test("the events that the process before has left are sent first, and nothing is sent before they are known", async () => {
  const { clock, backend, log, deliverer, takeover } = scene();
  const left = [event("ada"), event("ada")];
  takeover.ask([]);
  deliverer.add(event("ada"));
  await clock.advance(0);
  log.questions[0]?.fail();
  await clock.advance(0);
  await clock.advance(999);
  expect(log.questions).toHaveLength(1);
  await clock.advance(1);
  expect(backend.sent).toEqual([]);
  log.questions[1]?.answer({ ...NOTHING, events: left });
  await clock.advance(0);
  expect(backend.sent).toHaveLength(3);
  expect(backend.sent.slice(0, 2)).toEqual(left);
});

test("after a node has died, new events wait until its events have arrived or the log has failed", async () => {
  const { clock, backend, told, log, forgotten, deliverer, takeover } = scene();
  takeover.ask([]);
  log.questions[0]?.answer(NOTHING);
  await clock.advance(0);
  const left = [event("ada"), event("bob")];
  takeover.ask(["dead"]);
  deliverer.add(event("ada"));
  await clock.advance(0);
  expect(backend.sent).toEqual([]);
  expect(log.questions[1]?.dead).toEqual(["dead"]);
  log.questions[1]?.answer({ events: left, forgotten: ["1700-1", "1800-2"], taken: [] });
  await clock.advance(0);
  expect(backend.users).toEqual(["ada", "bob", "ada"]);
  expect(told.said).toContainEqual(["taken_over", { events: 2, forgotten: 2 }]);
  expect(forgotten).toEqual([
    ["not_kept", { at: 1700 }],
    ["not_kept", { at: 1800 }],
  ]);

  takeover.ask(["dead"]);
  deliverer.add(event("cid"));
  log.questions[2]?.fail();
  await clock.advance(0);
  expect(backend.users.at(-1)).toBe("cid");
  await clock.advance(1_000);
  // A node that was dead at that time need not be dead now.
  expect(log.questions[3]?.dead).toEqual([]);
  expect(told.names.filter((name) => name === "takeover_failed")).toHaveLength(1);
});

test("a node that is found dead during a question to the log is part of the next question", async () => {
  const { clock, backend, log, deliverer, takeover } = scene();
  takeover.ask([]);
  takeover.ask(["one"]);
  takeover.ask(["two"]);
  deliverer.add(event("ada"));
  log.questions[0]?.answer(NOTHING);
  await clock.advance(0);
  expect(log.questions.map(({ dead }) => dead)).toEqual([[], ["one", "two"]]);
  expect(backend.sent).toEqual([]);
  log.questions[1]?.answer(NOTHING);
  await clock.advance(0);
  expect(backend.users).toEqual(["ada"]);
});

test("events that another node delivers by now are not sent here", async () => {
  const { clock, backend, told, log, deliverer, takeover } = scene();
  const [first, second, own] = [event("ada"), event("ada"), event("ada")];
  takeover.ask([]);
  for (const each of [first, second, own]) deliverer.add(each);
  log.questions[0]?.answer({ ...NOTHING, taken: [first.id, second.id] });
  await clock.advance(0);
  expect(backend.sent).toEqual([own]);
  expect(told.names).toEqual(["taken_by_other"]);
});

test("after closing the log gets no more questions", async () => {
  const { clock, log, takeover } = scene();
  takeover.ask([]);
  log.questions[0]?.fail();
  await clock.advance(0);
  takeover.close();
  takeover.ask(["dead"]);
  await clock.advance(100_000);
  expect(log.questions).toHaveLength(1);
  expect(clock.pendingTimers).toBe(0);
});
