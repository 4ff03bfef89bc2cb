import { expect, test } from "vitest";
import { ManualClock } from "../../support/manual-clock.js";
import type { BackendEvent } from "@lastseen/protocol";
import { Deliverer } from "../../../src/webhook/deliverer.js";
import type { Attempt } from "../../../src/webhook/http-sender.js";
import { Backend, event, Told } from "./world.js";

const HOUR_MS = 3_600_000;
const AWAY: Attempt = { kind: "failed", why: "ECONNREFUSED" };
const NO: Attempt = { kind: "refused", why: "HTTP 422" };

function scene(more: { most?: number; random?: number; batch?: number; parallel?: number } = {}) {
  const clock = new ManualClock();
  const backend = new Backend();
  const told = new Told();
  const { send } = backend;
  const { most = 100, random = 0, batch = 1, parallel = 8 } = more;
  const acknowledged: string[] = [];
  const acknowledge = (id: string): void => void acknowledged.push(id);
  const limits = { waiting: most, batch, parallel };
  const common = { clock, send, events: told.events, random: () => random, limits, giveUpMs: 24 * HOUR_MS };
  const dropped: BackendEvent[] = [];
  const deliverer = new Deliverer({ ...common, acknowledge, dropped: (_cause, each) => void dropped.push(each) });
  return { clock, backend, told, acknowledged, dropped, deliverer };
}

test("while the backend is away there is one attempt at a time, after 1, 2, 4 … and then every 60 s", async () => {
  const { clock, backend, told, deliverer } = scene();
  backend.answer = () => AWAY;
  for (let n = 0; n < 50; n += 1) deliverer.add(event(`user-${n}`));
  await clock.advance(0);
  // What was under way at the same time counts as one failure.
  expect(backend.sent).toHaveLength(8);
  const times: number[] = [];
  backend.answer = () => {
    times.push(clock.mono());
    return AWAY;
  };
  await clock.advance(300_000);
  expect(times.map((time, n) => time - (times[n - 1] ?? 0))).toEqual([
    1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000,
  ]);
  expect(told.names).toEqual(["failing"]);
  backend.answer = () => ({ kind: "delivered" });
  await clock.advance(121_000);
  expect(deliverer.size).toBe(0);
  expect(told.names).toEqual(["failing", "recovered"]);
});

test("chance shortens pauses by up to a half", async () => {
  const { clock, backend, deliverer } = scene({ random: 0.999 });
  backend.answer = () => AWAY;
  deliverer.add(event("ada"));
  await clock.advance(0);
  await clock.advance(499);
  expect(backend.sent).toHaveLength(1);
  await clock.advance(3);
  expect(backend.sent).toHaveLength(2);
});

test("all events wait for a Retry-After, for up to an hour", async () => {
  const { clock, backend, deliverer } = scene();
  backend.answer = () => ({ kind: "failed", why: "HTTP 429", retryAfterMs: 90_000 });
  deliverer.add(event("ada"));
  await clock.advance(0);
  deliverer.add(event("bob"));
  await clock.advance(89_999);
  expect(backend.users).toEqual(["ada"]);
  backend.answer = () => ({ kind: "failed", why: "HTTP 429", retryAfterMs: 1e12 });
  await clock.advance(1);
  expect(backend.sent).toHaveLength(2);
  await clock.advance(HOUR_MS - 1);
  expect(backend.sent).toHaveLength(2);
  await clock.advance(1);
  expect(backend.sent).toHaveLength(3);
});

test("events of one user arrive in order when attempts fail in between", async () => {
  const { clock, backend, deliverer } = scene();
  let n = 0;
  backend.answer = () => (n++ % 3 === 0 ? AWAY : n % 3 === 1 ? NO : { kind: "delivered" });
  const mine = Array.from({ length: 20 }, () => event("ada"));
  for (const each of mine) deliverer.add(each);
  await clock.advance(0);
  await clock.advance(HOUR_MS);
  const ids = backend.sent.map(({ id }) => id);
  expect([...new Set(ids)]).toEqual(mine.map(({ id }) => id));
  expect(ids).toEqual(ids.toSorted((a, b) => Number(a.slice(2)) - Number(b.slice(2))));
});

test("only events of the same user wait for a refused event, and it is dropped after a day", async () => {
  const { clock, backend, told, dropped, deliverer } = scene();
  const wrong = event("ada");
  backend.answer = ({ id }) => (id === wrong.id ? NO : { kind: "delivered" });
  deliverer.add(wrong);
  const next = event("ada");
  deliverer.add(next);
  deliverer.add(event("bob"));
  await clock.advance(0);
  await clock.advance(23 * HOUR_MS);
  expect(backend.users).toContain("bob");
  expect(backend.sent).not.toContain(next);
  expect(told.names).toEqual(["refused"]);
  await clock.advance(2 * HOUR_MS);
  expect(told.names).toEqual(["refused", "given_up"]);
  expect(backend.sent.at(-1)).toEqual(next);
  expect(deliverer.size).toBe(0);
  expect(dropped).toEqual([wrong]);
  expect(told.results).toMatchObject({ delivered: 2, failed: 0 });
});

test("when too many events wait the oldest are dropped, but none that is being sent, and one warning tells it", async () => {
  const { clock, backend, told, dropped, deliverer } = scene({ most: 10 });
  let release: (attempt: Attempt) => void = () => {};
  backend.answer = () => new Promise((resolve) => (release = resolve));
  const all = Array.from({ length: 15 }, () => event("ada"));
  for (const each of all) deliverer.add(each);
  expect(deliverer.size).toBe(10);
  expect(dropped).toEqual(all.slice(1, 6));
  expect(told.said).toEqual([["overflowing", { waiting: 10, logged: true }]]);
  backend.answer = () => ({ kind: "delivered" });
  release({ kind: "delivered" });
  await clock.advance(0);
  expect(backend.sent).toEqual([all[0], ...all.slice(6)]);
  expect(deliverer.size).toBe(0);
});

test("a partition whose waiting event was dropped goes on with new events", async () => {
  const { clock, backend, deliverer } = scene({ most: 1 });
  backend.answer = () => NO;
  deliverer.add(event("ada"));
  await clock.advance(0);
  backend.answer = () => ({ kind: "delivered" });
  deliverer.add(event("bob"));
  await clock.advance(0);
  const again = event("ada");
  deliverer.add(again);
  await clock.advance(60_000);
  expect(backend.users).toEqual(["ada", "bob", "ada"]);
  expect(backend.sent.at(-1)).toBe(again);
  expect(deliverer.size).toBe(0);
});

test("closing makes one more attempt at each event without a pause, and sends nothing after that", async () => {
  const { clock, backend, deliverer } = scene();
  backend.answer = () => AWAY;
  for (const user of ["ada", "bob", "cid"]) deliverer.add(event(user));
  await clock.advance(0);
  const before = backend.sent.length;
  backend.answer = ({ userId }) => (userId === "bob" ? AWAY : { kind: "delivered" });
  const closed = deliverer.close(1_000);
  await clock.advance(0);
  await closed;
  expect(backend.sent).toHaveLength(before + 3);
  expect(deliverer.size).toBe(1);
  deliverer.add(event("dan"));
  await clock.advance(HOUR_MS);
  expect(backend.sent).toHaveLength(before + 3);
  expect(clock.pendingTimers).toBe(0);
});

test("events that are taken over go before newer ones and after those that are being sent, and each is acknowledged once", async () => {
  const { clock, backend, acknowledged, deliverer } = scene();
  const [early, first, second] = [event("ada"), event("ada"), event("ada")];
  const [third, last] = [event("ada"), event("ada")];
  const ofBob = [event("bob"), event("bob")];
  let release: (attempt: Attempt) => void = () => {};
  backend.answer = () => new Promise((resolve) => (release = resolve));
  deliverer.add(second);
  deliverer.add(last);
  await clock.advance(0);
  backend.answer = () => ({ kind: "delivered" });
  deliverer.takeOver([early, first, third, ...ofBob]);
  release({ kind: "delivered" });
  await clock.advance(0);
  expect(backend.sent.filter(({ userId }) => userId === "ada")).toEqual([second, early, first, third, last]);
  expect(backend.sent.filter(({ userId }) => userId === "bob")).toEqual(ofBob);
  expect(acknowledged.toSorted()).toEqual(backend.sent.map(({ id }) => id).toSorted());
  expect(deliverer.size).toBe(0);
});

test("an older event that is taken over is sent when the refused one's pause is over", async () => {
  const { clock, backend, deliverer } = scene();
  const [left, refused] = [event("ada"), event("ada")];
  backend.answer = () => NO;
  deliverer.add(refused);
  await clock.advance(0);
  deliverer.takeOver([left]);
  backend.answer = () => ({ kind: "delivered" });
  await clock.advance(1_000);
  expect(backend.sent).toEqual([refused, left, refused]);
});

test("the oldest events make room for those that are taken over, and are acknowledged", async () => {
  const { clock, backend, told, acknowledged, dropped, deliverer } = scene({ most: 5 });
  deliverer.hold();
  const all = Array.from({ length: 8 }, (_, n) => event(`user-${n}`));
  for (const each of all.slice(4)) deliverer.add(each);
  deliverer.takeOver(all.slice(0, 4));
  expect(deliverer.size).toBe(5);
  expect(acknowledged).toEqual(all.slice(0, 3).map(({ id }) => id));
  expect(dropped).toEqual(all.slice(0, 3));
  expect(told.names).toEqual(["overflowing"]);
  deliverer.goOn();
  await clock.advance(0);
  expect(backend.sent.map(({ id }) => id).toSorted()).toEqual(all.slice(3).map(({ id }) => id));
});

test("an event that was taken over is dropped after a day too", async () => {
  const { clock, backend, told, acknowledged, deliverer } = scene();
  backend.answer = () => NO;
  const left = event("ada", { at: clock.wall() - 23.5 * HOUR_MS });
  deliverer.takeOver([left]);
  await clock.advance(0);
  await clock.advance(HOUR_MS / 4);
  expect(told.names).toEqual(["refused"]);
  expect(acknowledged).toEqual([]);
  await clock.advance(HOUR_MS / 2);
  expect(told.names).toEqual(["refused", "given_up"]);
  expect(acknowledged).toEqual([left.id]);
});

test("a held deliverer sends nothing, and closing ends the hold", async () => {
  const { clock, backend, deliverer } = scene();
  deliverer.hold();
  deliverer.add(event("ada"));
  await clock.advance(HOUR_MS);
  expect(backend.sent).toEqual([]);
  const closed = deliverer.close(1_000);
  await clock.advance(0);
  await closed;
  expect(backend.users).toEqual(["ada"]);
});
