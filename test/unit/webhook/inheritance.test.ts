import { expect, test } from "vitest";
import type { EventLog, Inherited } from "../../../src/session/event-log.js";
import { Deliverer } from "../../../src/webhook/deliverer.js";
import { Inheritance } from "../../../src/webhook/inheritance.js";
import { ManualClock } from "../../support/manual-clock.js";
import { Backend, event, Told } from "./world.js";

const NOTHING: Inherited = { events: [], forgotten: 0, taken: [] };

/** A log that answers each question when it is told to. */
class AskedLog implements EventLog {
  readonly questions: { dead: readonly string[]; answer: (inherited: Inherited) => void; fail: () => void }[] = [];

  inherit(dead: readonly string[]): Promise<Inherited> {
    return new Promise((resolve, reject) => {
      this.questions.push({ dead, answer: resolve, fail: () => reject(new Error("the log is away")) });
    });
  }

  append = () => Promise.resolve([]);
  read = () => Promise.resolve({ events: [], gap: false, next: undefined });
  settle = () => Promise.resolve();
}

function scene() {
  const clock = new ManualClock();
  const backend = new Backend();
  const told = new Told();
  const log = new AskedLog();
  const common = { clock, events: told.events, random: () => 0 };
  const settled = (): void => {};
  const deliverer = new Deliverer({ ...common, settled, send: backend.send, most: 100, giveUpMs: 1e9 });
  return { clock, backend, told, log, deliverer, inheritance: new Inheritance({ ...common, log, deliverer }) };
}

test("nothing is sent before it is known what the process before has left; that is sent first", async () => {
  const { clock, backend, log, deliverer, inheritance } = scene();
  const left = [event("ada"), event("ada")];
  inheritance.ask([]);
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

test("what happens here after a node is found dead waits until its events are there, or can't be had", async () => {
  const { clock, backend, told, log, deliverer, inheritance } = scene();
  inheritance.ask([]);
  log.questions[0]?.answer(NOTHING);
  await clock.advance(0);
  const left = [event("ada"), event("bob")];
  inheritance.ask(["dead"]);
  deliverer.add(event("ada"));
  await clock.advance(0);
  expect(backend.sent).toEqual([]);
  expect(log.questions[1]?.dead).toEqual(["dead"]);
  log.questions[1]?.answer({ events: left, forgotten: 2, taken: [] });
  await clock.advance(0);
  expect(backend.users).toEqual(["ada", "bob", "ada"]);
  expect(told.said).toContainEqual(["inherited", { events: 2, forgotten: 2 }]);
  expect(told.results["dropped"]).toBe(2);

  inheritance.ask(["dead"]);
  deliverer.add(event("cid"));
  log.questions[2]?.fail();
  await clock.advance(0);
  expect(backend.users.at(-1)).toBe("cid");
  await clock.advance(1_000);
  // Whoever was dead then need not be now.
  expect(log.questions[3]?.dead).toEqual([]);
  expect(told.names.filter((name) => name === "inheriting_failed")).toHaveLength(1);
});

test("a node that is found dead while the log is asked is asked for next", async () => {
  const { clock, backend, log, deliverer, inheritance } = scene();
  inheritance.ask([]);
  inheritance.ask(["one"]);
  inheritance.ask(["two"]);
  deliverer.add(event("ada"));
  log.questions[0]?.answer(NOTHING);
  await clock.advance(0);
  expect(log.questions.map(({ dead }) => dead)).toEqual([[], ["one", "two"]]);
  expect(backend.sent).toEqual([]);
  log.questions[1]?.answer(NOTHING);
  await clock.advance(0);
  expect(backend.users).toEqual(["ada"]);
});

test("what another node delivers by now is not sent here any more", async () => {
  const { clock, backend, told, log, deliverer, inheritance } = scene();
  const [first, second, own] = [event("ada"), event("ada"), event("ada")];
  inheritance.ask([]);
  for (const each of [first, second, own]) deliverer.add(each);
  log.questions[0]?.answer({ ...NOTHING, taken: [first.id, second.id] });
  await clock.advance(0);
  expect(backend.sent).toEqual([own]);
  expect(told.names).toEqual(["disinherited"]);
});

test("after the end nobody is asked any more", async () => {
  const { clock, log, inheritance } = scene();
  inheritance.ask([]);
  log.questions[0]?.fail();
  await clock.advance(0);
  inheritance.close();
  inheritance.ask(["dead"]);
  await clock.advance(100_000);
  expect(log.questions).toHaveLength(1);
  expect(clock.pendingTimers).toBe(0);
});
