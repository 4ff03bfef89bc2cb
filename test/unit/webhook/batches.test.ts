import { expect, test } from "vitest";
import type { BackendEvent } from "@lastseen/protocol";
import { delay } from "../../../src/kernel/clock.js";
import { ManualClock } from "../../support/manual-clock.js";
import { Deliverer } from "../../../src/webhook/deliverer.js";
import type { Attempt } from "../../../src/webhook/http-sender.js";
import { Backend, event, Told } from "./world.js";

const HOUR_MS = 3_600_000;
const AWAY: Attempt = { kind: "failed", why: "HTTP 500" };
const NO: Attempt = { kind: "refused", why: "HTTP 422" };
const TAKEN: Attempt = { kind: "delivered" };

function scene({ batch = 10, parallel = 8, waiting = 1_000 } = {}) {
  const clock = new ManualClock();
  const backend = new Backend();
  const told = new Told();
  const acknowledged: string[] = [];
  const deliverer = new Deliverer({
    clock,
    send: backend.send,
    events: told.events,
    random: () => 0,
    acknowledge: (id) => void acknowledged.push(id),
    dropped: () => {},
    limits: { batch, parallel, waiting },
    giveUpMs: 24 * HOUR_MS,
  });
  /** Adds events while nothing is sent, so that they are in as few requests as possible. */
  const addAll = (events: readonly BackendEvent[]): void => {
    deliverer.hold();
    for (const each of events) deliverer.add(each);
    deliverer.goOn();
  };
  return { clock, backend, told, acknowledged, deliverer, addAll };
}

const idsOf = (events: readonly BackendEvent[]) => events.map(({ id }) => id);
const eventsOf = (...users: string[]) => users.map((user) => event(user));
const many = (count: number) => Array.from({ length: count }, (_, n) => event(`user-${n}`));

test("a request has the events of several users, and those of one user in order", async () => {
  const { clock, backend, acknowledged, deliverer, addAll } = scene({ batch: 4 });
  const all = eventsOf("ada", "bob", "ada", "cid", "ada", "bob");
  addAll(all);
  await clock.advance(0);
  expect(backend.requests.map((events) => events.map(({ userId }) => userId))).toEqual([
    ["ada", "ada", "ada", "bob"],
    ["cid"],
    ["bob"],
  ]);
  expect(idsOf(backend.sent.filter(({ userId }) => userId === "ada"))).toEqual(
    idsOf(all.filter(({ userId }) => userId === "ada")),
  );
  expect(acknowledged.toSorted()).toEqual(idsOf(all).toSorted());
  expect(deliverer.size).toBe(0);
});

test("an event is sent at once, and those that come while requests are open go together", async () => {
  const { clock, backend, deliverer } = scene({ batch: 100, parallel: 2 });
  const open: ((attempt: Attempt) => void)[] = [];
  backend.answerAll = () => new Promise((resolve) => open.push(resolve));
  for (const each of many(50)) deliverer.add(each);
  await clock.advance(0);
  expect(backend.requests.map(({ length }) => length)).toEqual([1, 1]);
  open[0]?.(TAKEN);
  await clock.advance(0);
  expect(backend.requests.map(({ length }) => length)).toEqual([1, 1, 48]);
});

test("never more than one request has events of the same user", async () => {
  const { clock, backend, deliverer, addAll } = scene({ batch: 3 });
  const underWay = new Set<string | null>();
  backend.answerAll = async (events) => {
    const users = new Set(events.map(({ userId }) => userId));
    for (const user of users) expect(underWay).not.toContain(user);
    for (const user of users) underWay.add(user);
    await delay(clock, 50);
    for (const user of users) underWay.delete(user);
    return TAKEN;
  };
  addAll(Array.from({ length: 60 }, (_, n) => event(["ada", "bob", "cid", "dan"][n % 4] ?? "")));
  await clock.advance(5_000);
  expect(deliverer.size).toBe(0);
});

test("when the backend refuses one event of a batch, only that event is refused in the end, with few requests", async () => {
  const { clock, backend, told, deliverer, addAll } = scene({ batch: 64 });
  const all = many(64);
  const wrong = all[40];
  backend.answer = (each) => (each === wrong ? NO : TAKEN);
  addAll(all);
  await clock.advance(0);
  expect(deliverer.size).toBe(1);
  expect(told.said).toEqual([["refused", { event: wrong, why: "HTTP 422" }]]);
  // Each refused request is followed by requests of half its size.
  expect(backend.requests.length).toBeLessThanOrEqual(2 * Math.log2(64) + 2);
  expect(backend.requests.filter((events) => events.includes(wrong as BackendEvent)).at(-1)).toEqual([wrong]);
  const late = event("late");
  deliverer.add(late);
  await clock.advance(0);
  expect(backend.requests.at(-1)).toEqual([late]);
  await clock.advance(1_000);
  expect(backend.requests.at(-1)).toEqual([wrong]);
});

test("when one event makes the backend fail, the others of its batch arrive within a minute, and it is tried alone", async () => {
  const { clock, backend, deliverer, addAll } = scene({ batch: 64 });
  const all = many(64);
  const wrong = all[40];
  backend.answer = (each) => (each === wrong ? AWAY : TAKEN);
  addAll(all);
  await clock.advance(0);
  await clock.advance(60_000);
  expect(deliverer.size).toBe(1);
  const tries = backend.requests.length;
  await clock.advance(300_000);
  expect(backend.requests.slice(tries)).not.toEqual([]);
  for (const request of backend.requests.slice(tries)) expect(request).toEqual([wrong]);
});

test("a backend that can't take large batches in time gets smaller ones, and larger ones again when it can", async () => {
  const { clock, backend, deliverer } = scene({ batch: 100, parallel: 1, waiting: 10_000 });
  let most = 12;
  backend.answerAll = async (events) => {
    if (events.length <= most) return TAKEN;
    await delay(clock, 10_000);
    return { kind: "failed", why: "no answer within 10000 ms" };
  };
  for (const each of many(2_000)) deliverer.add(each);
  await clock.advance(0);
  await clock.advance(900_000);
  expect(deliverer.size).toBe(0);
  const taken = backend.requests.filter(({ length }) => length <= most);
  expect(taken.length).toBeLessThan(2_000 / 6);
  most = 100;
  deliverer.hold();
  for (const each of many(3_000)) deliverer.add(each);
  deliverer.goOn();
  await clock.advance(0);
  await clock.advance(60_000);
  expect(deliverer.size).toBe(0);
  expect(Math.max(...backend.requests.slice(-10).map(({ length }) => length))).toBe(100);
});

test("after failures the events of each user still arrive in order, for any size of a batch", async () => {
  for (let batch = 1; batch <= 20; batch += 1) {
    const { clock, backend, deliverer } = scene({ batch });
    let n = 0;
    const taken: BackendEvent[] = [];
    backend.answerAll = async (events) => {
      await delay(clock, (n * 37) % 90);
      n += 1;
      if (n % 3 === 0) return n % 2 === 0 ? AWAY : NO;
      taken.push(...events);
      return TAKEN;
    };
    const all = Array.from({ length: 200 }, (_, index) => event(["ada", "bob", "cid", "dan", "eve"][index % 5] ?? ""));
    for (const each of all) {
      deliverer.add(each);
      await clock.advance(7);
    }
    await clock.advance(2 * HOUR_MS);
    for (const user of ["ada", "bob", "cid", "dan", "eve"]) {
      const ofUser = (events: readonly BackendEvent[]) => idsOf(events.filter(({ userId }) => userId === user));
      expect(ofUser(taken), `${user}, ${batch} at once`).toEqual(ofUser(all));
    }
  }
});
