import { setTimeout } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { LIMITS } from "@lastseen/protocol";
import { startService } from "../../support/service.js";
import type { TestClient } from "../../support/test-client.js";
import { assertNoFailure, bystanderIn } from "./bystander.js";
import { frame, handshake, RawSocket } from "./raw-socket.js";
import { REQUEST_TYPES, SAMPLES } from "./samples.js";

test.each([
  ["no JSON", "hello"],
  ["nothing", ""],
  ["half of a JSON", '{"type":"ping"'],
  ["JSON with something after it", '{"type":"ping"}x'],
  ["JSON with comments", '{"type":"ping"/* */}'],
  ["a JSON list", '[{"type":"ping"}]'],
  ["a JSON text", '"ping"'],
  ["a JSON number", "7"],
  ["null", "null"],
  ["NaN", "NaN"],
  ["the ping in two bytes per character", "\u0000{\u0000}"],
  ["very deep and unclosed", "[".repeat(60_000)],
  ["binary", Buffer.from('{"type":"ping"}')],
  ["binary and empty", Buffer.alloc(0)],
])("a frame that is %s ends the socket with 4400, before and after hello", async (_what, raw) => {
  const service = await startService();
  const bystander = await bystanderIn(service, "daily");
  for (const client of [await service.connect(), await service.join("mallory", "daily")]) {
    client.sendRaw(raw);
    expect(await client.event("error")).toMatchObject({ code: "bad_message" });
    expect(await client.closed()).toBe(4400);
  }
  await bystander.assertUnharmed();
  assertNoFailure(service);
});

/** A request of exactly so many bytes. */
function requestOf(bytes: number): string {
  const bare = '{"id":"big","type":"getRoom","pad":""}';
  return bare.replace('"pad":""', `"pad":"${"x".repeat(bytes - bare.length)}"`);
}

test("a frame of 64 KiB is read, one byte more ends the socket with 1009", async () => {
  const service = await startService();
  const bystander = await bystanderIn(service, "daily");
  const client = await service.join("mallory", "daily");
  client.sendRaw(requestOf(64 * 1024));
  expect(await client.frame(({ id }) => id === "big")).toMatchObject({ ok: true });
  client.sendRaw(requestOf(64 * 1024 + 1));
  expect(await client.closed()).toBe(1009);
  await bystander.assertUnharmed();
  assertNoFailure(service);
});

test("a frame of many megabytes, whole or in pieces, ends the socket with 1009 before it is read", async () => {
  const service = await startService();
  const bystander = await bystanderIn(service, "daily");
  const whole = await service.join("whole", "daily");
  whole.sendRaw("x".repeat(8 * 1024 * 1024));
  expect(await whole.closed()).toBe(1009);
  const pieces = await RawSocket.open(service.port);
  pieces.write(handshake());
  await pieces.until("101 Switching Protocols");
  pieces.write(frame("x".repeat(40_000), { fin: false }));
  pieces.write(frame("x".repeat(40_000), { opcode: 0, fin: false }));
  expect(await pieces.closeCode()).toBe(1009);
  await bystander.assertUnharmed();
  assertNoFailure(service);
});

test.each([
  ["text that is not UTF-8", frame(Buffer.from([0x22, 0xff, 0xfe, 0x22])), 1007],
  ["an unknown opcode", frame("x", { opcode: 5 }), 1002],
  ["a reserved bit, as compression would set", frame("x", { rsv: 0x40 }), 1002],
  ["a piece without a beginning", frame("x", { opcode: 0 }), 1002],
  ["a ping that is too long", frame("x".repeat(126), { opcode: 9 }), 1002],
  ["a close frame with a forbidden code", frame(Buffer.from([0x03, 0xee]), { opcode: 8 }), 1002],
  ["an unmasked frame", Buffer.concat([Buffer.from([0x81, 2]), Buffer.from("{}")]), 1002],
])("%s breaks the WebSocket protocol itself and is closed as it prescribes", async (_what, bytes, code) => {
  const service = await startService();
  const bystander = await bystanderIn(service, "daily");
  const raw = await RawSocket.open(service.port);
  raw.write(handshake());
  await raw.until("101 Switching Protocols");
  raw.write(bytes);
  expect(await raw.closeCode()).toBe(code);
  await bystander.assertUnharmed();
  assertNoFailure(service);
});

test("a hundred wrong requests in a row end the socket with 4400; each was answered, and a right one in between forgives", async () => {
  const service = await startService();
  const bystander = await bystanderIn(service, "daily");
  const client = await service.join("mallory", "daily");
  const wrong = (count: number) => {
    for (let n = 0; n < count; n += 1) client.sendRaw('{"type":"nonsense"}');
  };
  wrong(LIMITS.badRequests - 1);
  client.sendRaw('{"type":"ping"}');
  wrong(LIMITS.badRequests - 1);
  await client.request("getRoom");
  expect(client.events("error")).toHaveLength(2 * (LIMITS.badRequests - 1));
  wrong(LIMITS.badRequests);
  expect(await client.closed()).toBe(4400);
  expect(client.events("error")).toHaveLength(3 * LIMITS.badRequests - 2);
  await bystander.assertUnharmed();
});

test("who does not say hello in time is closed with 4408, however much it says otherwise", async () => {
  const service = await startService({ HELLO_TIMEOUT_MS: "400" });
  const silent = await service.connect();
  const chatty = await service.connect();
  const talk = setInterval(() => chatty.sendRaw('{"type":"ping"}'), 50);
  expect(await silent.closed()).toBe(4408);
  expect(await chatty.closed()).toBe(4408);
  clearInterval(talk);
  expect(chatty.events("error")[0]).toMatchObject({ code: "unauthorized", type: "ping" });
});

test("who has said hello in time is not closed by the hello deadline, even without a room", async () => {
  const service = await startService({ HELLO_TIMEOUT_MS: "2000" });
  const ada = await service.hello("ada");
  // The deadline of one that comes later has passed: so has that of one that came before.
  const later = await service.connect();
  expect(await later.closed()).toBe(4408);
  await expect(ada.ask("ping", {})).resolves.toMatchObject({ ok: true });
});

test.each(REQUEST_TYPES.filter((type) => type !== "hello"))(
  "%s before hello is unauthorized, and hello still works",
  async (type) => {
    const service = await startService();
    const client = await service.connect();
    client.send({ id: "early", type, data: SAMPLES[type] });
    expect(await client.frame(({ id }) => id === "early")).toMatchObject({
      ok: false,
      error: { code: "unauthorized" },
    });
    expect(await client.request("hello", { tabId: "t" })).toMatchObject({ resumed: false });
    expect(service.app.registry.size).toBe(1);
  },
);

test("a hundred requests before hello end the socket with 4400", async () => {
  const service = await startService();
  const client = await service.connect();
  for (let n = 0; n < LIMITS.badRequests; n += 1) client.sendRaw('{"type":"getRoom"}');
  expect(await client.closed()).toBe(4400);
  expect(client.events("error")).toHaveLength(LIMITS.badRequests);
});

test("a second hello is bad_message and changes nothing", async () => {
  const service = await startService();
  const client = await service.join("ada", "daily");
  const again = await client.ask("hello", { user: { id: "bob" }, tabId: "other" });
  expect(again).toMatchObject({ ok: false, error: { code: "bad_message" } });
  const { room } = await client.request("getRoom");
  expect(room.participants).toMatchObject([{ userId: "ada", sessionId: client.hello.sessionId }]);
  expect(service.app.registry.size).toBe(1);
});

test("a request without an id is carried out and not answered, unless it fails", async () => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  const before = bob.frames.length;
  bob.send({ type: "setMetadata", data: { metadata: { a: 1 } } });
  expect(await ada.event("metadata_changed")).toMatchObject({ metadata: { a: 1 } });
  bob.send({ type: "join", data: { roomId: "other" } });
  expect(await bob.event("error")).toEqual({ code: "already_joined", message: expect.any(String), type: "join" });
  expect(bob.frames).toHaveLength(before + 1);
});

test("a ping with an id is answered by a pong and by a reply", async () => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  ada.send({ id: 7_000, type: "ping", data: { visibility: "hidden" } });
  expect(await ada.frame(({ id }) => id === 7_000)).toEqual({ id: 7_000, ok: true, data: {} });
  expect(await ada.frame(({ type }) => type === "pong")).toEqual({ type: "pong", v: 1 });
  const view = await (await service.get(`/api/sessions/${ada.hello.sessionId}`)).json();
  expect(view).toMatchObject({ evidence: { visibility: "hidden" } });
});

/** The order in which ids were answered. */
function answered(client: TestClient): unknown[] {
  return client.frames.map(({ id }) => id).filter((id) => typeof id === "string");
}

test("requests that are sent without waiting are carried out and answered in order, failures among them", async () => {
  const service = await startService();
  const client = await service.connect();
  const requests = [
    { type: "hello", data: { user: { id: "ada" }, tabId: "t" } },
    { type: "getRoom" },
    { type: "join", data: { roomId: "a" } },
    { type: "join", data: { roomId: "b" } },
    { type: "createTransport", data: { direction: "send" } },
    { type: "setMetadata", data: { metadata: { n: 1 } } },
    { type: "getRoom" },
    { type: "leave" },
    { type: "join", data: { roomId: "b" } },
    { type: "getRoom" },
    { type: "leave" },
  ];
  for (const [index, request] of requests.entries()) client.send({ id: `r${index}`, ...request });
  await client.frame(({ id }) => id === "r10");
  expect(answered(client)).toEqual(requests.map((_request, index) => `r${index}`));
  const outcomes = client.frames.map(({ ok, error }) => (ok ? "ok" : error?.code));
  expect(outcomes).toEqual([
    "ok",
    "not_joined",
    "ok",
    "already_joined",
    "media_unavailable",
    "ok",
    "ok",
    "ok",
    "ok",
    "ok",
    "ok",
  ]);
  expect(client.frames[6]?.data).toMatchObject({ room: { id: "a", participants: [{ metadata: { n: 1 } }] } });
  expect(client.frames[9]?.data).toMatchObject({ room: { id: "b" } });
});

test("when more requests wait than are allowed, the rest are refused, and the waiting ones are carried out", async () => {
  const service = await startService({ MAX_MESSAGES_PER_SECOND: "100000" });
  const bystander = await bystanderIn(service, "daily");
  // In one packet, so that all are there before the first, which takes a moment, is done.
  const raw = await RawSocket.open(service.port);
  const hello = { type: "hello", data: { user: { id: "eager" }, tabId: "t" } };
  const many = Array.from({ length: LIMITS.pendingRequests + 10 }, (_none, id) => ({ id, type: "getRoom" }));
  const all = [hello, { id: "j", type: "join", data: { roomId: "daily" } }, ...many];
  raw.write(handshake());
  await raw.until("101 Switching Protocols");
  raw.write(Buffer.concat(all.map((request) => frame(JSON.stringify(request)))));
  await raw.until(`"id":${LIMITS.pendingRequests - 2},"ok":true`);
  const count = (part: RegExp) => raw.text.match(part)?.length;
  expect(count(/"code":"rate_limited"/g)).toBe(11);
  expect(count(/"ok":true/g)).toBe(LIMITS.pendingRequests);
  raw.write(frame('{"id":"after","type":"getRoom"}'));
  await raw.until('"id":"after","ok":true');
  await bystander.assertUnharmed();
});

test("requests that wait behind a join which takes over another tab's session act for that session", async () => {
  const service = await startService();
  const first = await service.join("ada", "daily");
  const raw = await RawSocket.open(service.port);
  raw.write(handshake());
  await raw.until("101 Switching Protocols");
  const requests = [
    { type: "hello", data: { user: { id: "ada" }, tabId: "second" } },
    { type: "join", data: { roomId: "elsewhere" } },
    { type: "leave" },
    { id: "join", type: "join", data: { roomId: "daily" } },
    { id: "then", type: "setMetadata", data: { metadata: { tab: 2 } } },
  ];
  raw.write(Buffer.concat(requests.map((request) => frame(JSON.stringify(request)))));
  await raw.until('"id":"then","ok":true');
  expect(raw.text).toMatch(/"id":"join","ok":true.*"transferred":true/);
  expect(await first.closed()).toBe(4409);
  const participants = service.app.rooms.find("daily")?.members.get(first.hello.sessionId);
  expect(participants?.metadata).toEqual({ tab: 2 });
});

test.each([
  ["a raw line end in its id", '"a\nb"'],
  ["an id of half of a character", '"\\ud800"'],
  ["an id that is a broken escape", '"\\x"'],
  ["an id beyond exact integers", "9999999999999999"],
])("a frame before hello that is too large and has %s is refused, and the service goes on", async (_what, id) => {
  const service = await startService();
  const bystander = await bystanderIn(service, "daily");
  const client = await service.connect();
  client.sendRaw(`{"id":${id},"type":"hello","data":{"x":"${"x".repeat(20_000)}"}}`);
  expect(await client.event("error")).toMatchObject({ code: "bad_message" });
  await bystander.assertUnharmed();
  assertNoFailure(service);
});

test.each(["the client", "the service"])(
  "when both have said close, first %s, the service gives the socket up and does not wait for the client's end",
  async (first) => {
    const service = await startService();
    // A client that does not end its side of the connection.
    const raw = await RawSocket.open(service.port, { allowHalfOpen: true });
    raw.write(handshake());
    await raw.until("101 Switching");
    if (first === "the service") {
      raw.write(frame("no JSON"));
      expect(await raw.closeCode()).toBe(4400);
    }
    raw.write(frame(Buffer.from([0x03, 0xe8]), { opcode: 8 }));
    await raw.closeCode();
    // Only a socket that the service has given up refuses what comes now.
    const refused = new Promise((resolve) => raw.socket.once("error", resolve));
    const writing = setInterval(() => raw.write(frame("more")), 50);
    onTestFinished(() => clearInterval(writing));
    expect(await Promise.race([refused, setTimeout(3_000)])).toMatchObject({
      code: expect.stringMatching(/EPIPE|ECONNRESET/) as string,
    });
  },
);

test("a client that still sends the frame which is too large can read why its socket was closed", async () => {
  const service = await startService();
  const raw = await RawSocket.open(service.port, { allowHalfOpen: true });
  raw.write(handshake());
  await raw.until("101 Switching");
  const large = frame("x".repeat(LIMITS.frameBytes + 1));
  raw.write(large.subarray(0, 100));
  expect(await raw.closeCode()).toBe(1009);
  let refused = false;
  raw.socket.once("error", () => (refused = true));
  for (let from = 100; from < 1_100; from += 100) {
    raw.write(large.subarray(from, from + 100));
    await setTimeout(30);
  }
  expect(refused).toBe(false);
});
