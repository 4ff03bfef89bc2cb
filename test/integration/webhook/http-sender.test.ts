import { expect, test } from "vitest";
import { systemClock } from "../../../src/kernel/clock.js";
import { httpSender } from "../../../src/webhook/http-sender.js";
import { freePort } from "../../support/free-port.js";
import { event } from "../../unit/webhook/world.js";
import { isSigned, Receiver, SECRET } from "./receiver.js";

const senderTo = (port: number, limitMs = 5_000) =>
  httpSender({
    url: `http://127.0.0.1:${port}/?token=url-secret`,
    secret: SECRET,
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

test("a batch is one signed body with its events in order, and names no single event in a header", async () => {
  const receiver = await Receiver.start();
  const events = [event("ada"), event("bob"), event("ada")];
  const url = `http://127.0.0.1:${receiver.port}/`;
  const send = httpSender({ url, secret: SECRET, batches: true, limitMs: 5_000, clock: systemClock });
  for (const sent of [events, events.slice(0, 1)]) expect(await send(sent, never)).toEqual({ kind: "delivered" });
  const [batch, single] = receiver.deliveries;
  if (!batch || !single) throw new Error("two requests were sent");
  const timestamp = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(JSON.parse(batch.body)).toEqual({ type: "batch", timestamp, data: { events } });
  expect(JSON.parse(single.body)).toEqual({ type: "batch", timestamp, data: { events: events.slice(0, 1) } });
  expect([batch, single].every((each) => isSigned(each))).toBe(true);
  expect(batch.headers).not.toHaveProperty("lastseen-event-id");
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
