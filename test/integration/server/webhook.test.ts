import { expect, test } from "vitest";
import { verifyWebhook, WebhookError, type LastseenEvent, type ReceivedWebhook } from "@lastseen/server";
import { BACKEND_EVENT_FIELDS, type BackendEvent, type BackendEventType } from "@lastseen/protocol";
import { signer } from "../../../src/webhook/signature.js";
import { startService } from "../../support/service.js";
import { until } from "../../support/until.js";
import { Receiver, SECRET } from "../webhook/receiver.js";

const KEY = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const OTHER = `whsec_${Buffer.alloc(32, 8).toString("base64")}`;
const nowSeconds = () => Math.floor(Date.now() / 1000);

/** A request as the service signs it. */
function signed(message: unknown, { secret = SECRET, seconds = nowSeconds() } = {}): ReceivedWebhook {
  const body = typeof message === "string" ? message : JSON.stringify(message);
  return { body, headers: { ...signer([secret])({ id: "1-1", seconds, body }) }, secret };
}

const COMMON = { id: "1-1", at: 1, nodeId: "n", sequence: 1, roomId: null, userId: null, sessionId: null, epoch: null };
const STARTED = { type: "node_started", timestamp: "2026-01-01T00:00:00.000Z" };
const GOOD = { ...STARTED, data: { ...COMMON, type: "node_started", alone: true } };

/** Which fields the compiler knows of each type. */
function words(event: LastseenEvent): string {
  switch (event.type) {
    case "joined":
      return `${event.name.toUpperCase()} is in ${event.roomId.toLowerCase()}`;
    case "left":
      return `${event.userId.toUpperCase()} left: ${event.reason.toUpperCase()}`;
    default:
      return event.type;
  }
}

test("every request of a real service is taken, each event with the fields of its type", async () => {
  const receiver = await Receiver.start();
  const service = await startService({ ...receiver.settings, RESUME_GRACE_MS: "1000" });
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  const { callId } = await ada.request("startCall", { to: "bob", kind: "audio" });
  await bob.request("acceptCall", { callId });
  await ada.request("endCall", { callId });
  await ada.ask("startCall", { to: "nobody", kind: "audio" });
  await ada.request("startCall", { to: "far", kind: "video", ringOffline: true });
  const second = await service.hello("bob", { tabId: "second" });
  await second.request("join", { roomId: "daily" });
  second.reset();
  const hasEnded = ({ type, userId, reason }: BackendEvent) =>
    type === "session_ended" && userId === "bob" && reason === "disconnected";
  await until(() => receiver.taken.some(hasEnded));

  const events = receiver.deliveries.flatMap(({ body, headers }) => {
    const message = verifyWebhook({ body, headers, secret: SECRET });
    expect(message.unknown).toEqual([]);
    expect(Math.abs(message.sentAt.getTime() - Date.now())).toBeLessThan(60_000);
    return message.events;
  });
  const seen = new Set<BackendEventType>(events.map(({ type }) => type));
  const expected: BackendEventType[] = [
    "node_started",
    "session_opened",
    "room_opened",
    "joined",
    "transferred",
    "away",
  ];
  const calls: BackendEventType[] = ["call_started", "call_accepted", "call_refused", "call_ringing", "call_finished"];
  expect([...seen]).toEqual(expect.arrayContaining([...expected, ...calls, "left", "session_ended"]));
  expect(events.map(words)).toEqual(expect.arrayContaining(["ADA is in daily", "BOB left: DISCONNECTED"]));
});

test("batches are taken, with the bytes of the body", async () => {
  const receiver = await Receiver.start();
  const service = await startService({ ...receiver.settings, WEBHOOK_BATCH_MAX: "50" });
  for (const user of ["ada", "bob"]) await service.join(user, "会议室");
  await receiver.get("joined", "bob");
  const taken = receiver.deliveries.flatMap(({ body, headers }) => {
    return verifyWebhook({ body: Buffer.from(body), headers, secret: SECRET }).events;
  });
  expect(taken.filter(({ type }) => type === "joined").map(({ roomId }) => roomId)).toEqual(["会议室", "会议室"]);
});

test("while a secret is changed, a receiver takes requests whether it or the service has changed it first", async () => {
  const receiver = await Receiver.start();
  await startService({ ...receiver.settings, WEBHOOK_SECRET: KEY, WEBHOOK_SECRET_PREVIOUS: SECRET });
  await receiver.get("node_started");
  const [{ body, headers } = { body: "", headers: {} }] = receiver.deliveries;
  expect(verifyWebhook({ body, headers, secret: KEY }).events).toHaveLength(1);
  expect(verifyWebhook({ body, headers, secret: SECRET }).events).toHaveLength(1);
  const old = signed(GOOD);
  expect(verifyWebhook({ ...old, secret: KEY, previousSecret: SECRET }).events).toHaveLength(1);
  expect(() => verifyWebhook({ ...old, secret: KEY })).toThrow(WebhookError);
  expect(() => verifyWebhook({ ...old, secret: KEY, previousSecret: OTHER })).toThrow(WebhookError);
});

test("a secret that is text in any script is a key in UTF-8, as for the service", () => {
  const secret = "ein Geheimnis mit ü und 会议室, das lang genug ist";
  expect(verifyWebhook(signed(GOOD, { secret })).events).toMatchObject([{ type: "node_started", alone: true }]);
});

test("headers are taken as fetch has them, and in upper case", () => {
  const request = signed(GOOD);
  const entries = Object.entries(request.headers as Record<string, string>);
  expect(verifyWebhook({ ...request, headers: new Headers(entries) }).id).toBe("1-1");
  const upper = Object.fromEntries(entries.map(([name, value]) => [name.toUpperCase(), [value]]));
  expect(verifyWebhook({ ...request, headers: upper }).id).toBe("1-1");
});

test.each<[what: string, request: ReceivedWebhook]>([
  ["another secret", { ...signed(GOOD), secret: KEY }],
  ["another body", { ...signed(GOOD), body: JSON.stringify({ ...GOOD, timestamp: "later" }) }],
  ["another id", { ...signed(GOOD), headers: { ...(signed(GOOD).headers as object), "webhook-id": "1-2" } }],
  ["a recording of six minutes ago", signed(GOOD, { seconds: nowSeconds() - 360 })],
  ["a time to come", signed(GOOD, { seconds: nowSeconds() + 360 })],
  ["no header", { ...signed(GOOD), headers: {} }],
  ["bytes that are no text", { ...signed(GOOD), body: Uint8Array.of(0xff, 0xfe) }],
  ["no JSON", signed("hello")],
  ["no events", signed({ type: "batch", data: {} })],
  ["an event without a type", signed({ type: "x", data: {} })],
  ["an event that lacks a field", signed({ ...STARTED, data: { ...COMMON, type: "node_started" } })],
  ["a field of another kind", signed({ type: "left", data: { ...COMMON, type: "left", roomId: 7 } })],
])("a request with %s is refused", (_what, request) => {
  expect(() => verifyWebhook(request)).toThrow(WebhookError);
});

test("an event of a type that this version does not know is handed over beside the others", () => {
  const data = { events: [{ ...COMMON, type: "moon_rose" }, GOOD.data] };
  const message = verifyWebhook(signed({ type: "batch", timestamp: "t", data }));
  expect(message).toMatchObject({ events: [{ type: "node_started" }], unknown: [{ type: "moon_rose", sequence: 1 }] });
});

test.each<[option: string, request: ReceivedWebhook]>([
  ["secret must be", { ...signed(GOOD), secret: undefined }],
  ["secret must be", { ...signed(GOOD), secret: "" }],
  ["secret begins with whsec_", { ...signed(GOOD), secret: "whsec_?" }],
  ["previousSecret must be", { ...signed(GOOD), previousSecret: "" }],
  ["body must be", { ...signed(GOOD), body: GOOD as unknown as string }],
])("a mistake of the receiver is told to its programmer: %s", (problem, request) => {
  expect(() => verifyWebhook(request)).toThrow(TypeError);
  expect(() => verifyWebhook(request)).toThrow(problem);
});

test("each type of event says which of its fields are always there", () => {
  for (const [type, fields] of Object.entries(BACKEND_EVENT_FIELDS)) {
    expect(new Set(fields).size, type).toBe(fields.length);
  }
});
