import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { systemClock } from "../../../src/kernel/clock.js";
import { httpSender } from "../../../src/webhook/http-sender.js";
import { freePort } from "../../support/free-port.js";
import { event } from "../../unit/webhook/world.js";
import { isSigned, Receiver, SECRET } from "./receiver.js";

const senderTo = (port: number, limitMs = 5_000) =>
  httpSender({
    url: `http://127.0.0.1:${port}/?token=url-secret`,
    secrets: [SECRET],
    batches: false,
    limitMs,
    clock: systemClock,
  });
const never = new AbortController().signal;

test.each([
  [200, "delivered"],
  [204, "delivered"],
  [301, "refused"],
  [400, "refused"],
  [401, "refused"],
  [404, "refused"],
  [410, "refused"],
  [408, "failed"],
  [425, "failed"],
  [429, "failed"],
  [500, "failed"],
  [503, "failed"],
])("an answer of %i means %s", async (status, kind) => {
  const receiver = await Receiver.start();
  receiver.answer = () => status;
  const attempt = await senderTo(receiver.port)([event("ada")], never);
  expect(attempt).toEqual(kind === "delivered" ? { kind } : { kind, why: `HTTP ${status}` });
});

test("nothing of a request stays with the signal of all requests", async () => {
  const receiver = await Receiver.start();
  const { signal } = new AbortController();
  const send = senderTo(receiver.port);
  for (let n = 0; n < 20; n += 1) await send([event("ada")], signal);
  // Node.js keeps the signals that depend on a signal in a set of the signal.
  const held = Object.getOwnPropertySymbols(signal).map((key) => Object(Reflect.get(signal, key)).size as unknown);
  expect(held.filter((size) => typeof size === "number" && size > 0)).toEqual([]);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

test("one event is a message of Standard Webhooks that its library verifies, and nobody else could have sent", async () => {
  const receiver = await Receiver.start();
  const joined = event("ada");
  const url = `http://127.0.0.1:${receiver.port}/`;
  const standard = `whsec_${Buffer.from("a key of thirty-two bytes, or so").toString("base64")}`;
  for (const secret of [standard, SECRET]) {
    const send = httpSender({ url, secrets: [secret], batches: false, limitMs: 5_000, clock: systemClock });
    expect(await send([joined], never)).toEqual({ kind: "delivered" });
    const delivery = receiver.deliveries.at(-1);
    if (!delivery) throw new Error("nothing was sent");
    const timestamp = new Date(joined.at).toISOString();
    expect(JSON.parse(delivery.body)).toEqual({ type: joined.type, timestamp, data: joined });
    expect(delivery.headers).toMatchObject({ "webhook-id": joined.id, "content-type": "application/json" });
    expect(isSigned(delivery, secret)).toBe(true);
    expect(isSigned(delivery, `${SECRET}x`)).toBe(false);
    expect(isSigned({ ...delivery, body: delivery.body.replace("ada", "eve") }, secret)).toBe(false);
    const old = { ...delivery.headers, "webhook-timestamp": String(Math.floor(Date.now() / 1000) - 600) };
    expect(isSigned({ ...delivery, headers: old }, secret)).toBe(false);
    expect(delivery.headers).not.toHaveProperty("lastseen-signature");
  }
});

test("while the secret is changed, both secrets sign, and a receiver with either of them is content", async () => {
  const receiver = await Receiver.start();
  const url = `http://127.0.0.1:${receiver.port}/`;
  const next = `whsec_${Buffer.from("the key that comes after the old").toString("base64")}`;
  const send = httpSender({ url, secrets: [next, SECRET], batches: false, limitMs: 5_000, clock: systemClock });
  await send([event("ada")], never);
  const [delivery] = receiver.deliveries;
  if (!delivery) throw new Error("nothing was sent");
  expect(String(delivery.headers["webhook-signature"]).split(" ")).toHaveLength(2);
  expect([next, SECRET, "a third secret"].map((secret) => isSigned(delivery, secret))).toEqual([true, true, false]);
});

test("a batch is one signed body with its events in order, and only the same events have the same id", async () => {
  const receiver = await Receiver.start();
  const events = [event("ada"), event("bob"), event("ada")];
  const url = `http://127.0.0.1:${receiver.port}/`;
  const send = httpSender({ url, secrets: [SECRET], batches: true, limitMs: 5_000, clock: systemClock });
  for (const sent of [events, events.slice(0, 1)]) expect(await send(sent, never)).toEqual({ kind: "delivered" });
  const [batch, single] = receiver.deliveries;
  if (!batch || !single) throw new Error("two requests were sent");
  const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(JSON.parse(batch.body)).toEqual({ type: "batch", timestamp, data: { events } });
  expect(JSON.parse(single.body)).toEqual({ type: "batch", timestamp, data: { events: events.slice(0, 1) } });
  expect([batch, single].every((each) => isSigned(each))).toBe(true);
  await send(events, never);
  const ids = receiver.deliveries.map(({ headers }) => headers["webhook-id"]);
  expect(ids).toEqual([
    expect.stringMatching(/^batch_[0-9a-f]{32}$/),
    expect.not.stringMatching(String(ids[0])),
    ids[0],
  ]);
});

test("the sender does not follow a redirect, because the event would go to another server", async () => {
  const [receiver, other] = [await Receiver.start(), await Receiver.start()];
  receiver.answer = (_delivery, response) => {
    response.setHeader("location", `http://127.0.0.1:${other.port}/`);
    return 307;
  };
  expect(await senderTo(receiver.port)([event("ada")], never)).toEqual({ kind: "refused", why: "HTTP 307" });
  expect(other.deliveries).toEqual([]);
});

test.each([
  ["7", 7_000, 7_000],
  ["0", 0, 0],
  [new Date(Date.now() + 3_600_000).toUTCString(), 3_500_000, 3_600_000],
  [new Date(0).toUTCString(), 0, 0],
  ["soon", undefined, undefined],
])("Retry-After: %s is understood", async (value, least, most) => {
  const receiver = await Receiver.start();
  receiver.answer = (_delivery, response) => {
    response.setHeader("retry-after", value);
    return 429;
  };
  const attempt = await senderTo(receiver.port)([event("ada")], never);
  expect(attempt.kind).toBe("failed");
  const retryAfterMs = attempt.kind === "failed" ? attempt.retryAfterMs : Number.NaN;
  if (least === undefined) return expect(retryAfterMs).toBeUndefined();
  expect(retryAfterMs).toBeGreaterThanOrEqual(least);
  return expect(retryAfterMs).toBeLessThanOrEqual(most);
});

test("an attempt fails when the backend is too slow, hangs up or is not there, and the reason has no address", async () => {
  const receiver = await Receiver.start();
  receiver.answer = () => new Promise(() => {});
  const late = await senderTo(receiver.port, 200)([event("ada")], never);
  expect(late).toEqual({ kind: "failed", why: "no answer within 200 ms" });
  receiver.answer = (_delivery, response) => {
    response.destroy();
    return 200;
  };
  const cut = await senderTo(receiver.port)([event("ada")], never);
  const absent = await senderTo(await freePort())([event("ada")], never);
  expect(absent).toEqual({ kind: "failed", why: "ECONNREFUSED" });
  expect(cut.kind).toBe("failed");
  expect(JSON.stringify([late, cut, absent])).not.toMatch(/127\.0\.0\.1|url-secret/);
});
