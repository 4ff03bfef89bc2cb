/** Handshakes and hellos that no client of the protocol sends: nobody gets in by them. */
import { expect, test } from "vitest";
import { assertNoFailure, bystanderIn } from "../integration/gateway/bystander.js";
import { handshake, RawSocket } from "../integration/gateway/raw-socket.js";
import { goodToken, SECRET } from "../integration/gateway/tokens.js";
import { startService } from "../support/service.js";
import { protocols } from "./support/protocols.js";

const END = "\r\n\r\n";

test.each<[string, string, number[]]>([
  ["a body", handshake("/ws", { "content-length": "5" }) + "hello", [101, 400]],
  ["a body in chunks", handshake("/ws", { "transfer-encoding": "chunked" }) + "5\r\nhello\r\n0\r\n\r\n", [101, 400]],
  ["two lengths", handshake("/ws", { "content-length": "5", "Content-Length": "6" }), [400]],
  ["a length and chunks", handshake("/ws", { "content-length": "5", "transfer-encoding": "chunked" }), [400]],
  ["a key of 15 bytes", handshake("/ws", { "sec-websocket-key": Buffer.alloc(15).toString("base64") }), [400]],
  ["a key of 1,000 characters", handshake("/ws", { "sec-websocket-key": "A".repeat(1_000) }), [400]],
  ["two keys", handshake("/ws", { "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==" }), [400]],
  ["version 14", handshake("/ws", { "sec-websocket-version": "14" }), [400]],
  ["2,500 subprotocols", handshake("/ws", { "sec-websocket-protocol": protocols(2_500) }), [101]],
  ["10,000 subprotocols", handshake("/ws", { "sec-websocket-protocol": protocols(10_000) }), [431]],
  ["one subprotocol twice", handshake("/ws", { "sec-websocket-protocol": "lastseen.v1,lastseen.v1" }), [400]],
  ["headers of 20 KB", handshake("/ws", { cookie: "x".repeat(20_000) }), [431]],
  [
    // Node reads 2,000 headers and passes over the rest.
    "3,000 headers",
    handshake("/ws", Object.fromEntries(Array.from({ length: 3_000 }, (_n, at) => [`x${at}`, ""]))),
    [101],
  ],
  ["HTTP/1.0", handshake().replace("HTTP/1.1", "HTTP/1.0"), [101, 400, 426]],
  ["HTTP/2.0", handshake().replace("HTTP/1.1", "HTTP/2.0"), [101, 400, 505]],
  ["a path of 8 KB", handshake(`/ws?${"x".repeat(8_000)}`), [101]],
  ["PUT", handshake("/ws", {}, "PUT"), [400, 404, 405]],
  ["CONNECT", handshake("/ws", {}, "CONNECT"), [0, 400, 404, 405]],
  ["TRACE", handshake("/ws", {}, "TRACE"), [400, 404, 405]],
  ["an origin of 9 KB", handshake("/ws", { origin: `https://${"x".repeat(9_000)}` }), [403]],
])("a handshake with %s gets the answer that it should, and harms nobody", async (_what, text, statuses) => {
  const service = await startService();
  const bystander = await bystanderIn(service, "daily");
  const raw = await RawSocket.open(service.port);
  raw.write(text);
  if (statuses.includes(0)) await raw.closed();
  else await raw.until(END);
  expect(statuses).toContain(Number(/^HTTP\/1\.1 (\d{3})/.exec(raw.text)?.[1] ?? 0));
  raw.socket.destroy();
  await expect.poll(() => service.app.gateway.connectionCount).toBe(1);
  await bystander.assertUnharmed();
  assertNoFailure(service);
});

test("a second hello with another user's token changes nothing, whoever it names", async () => {
  const service = await startService({ AUTH_MODE: "jwt", JWT_SECRET: SECRET });
  const victim = await service.connect();
  const { sessionId, resumeToken } = await victim.request("hello", { token: goodToken("victim"), tabId: "v" });
  await victim.request("join", { roomId: "daily" });
  const mallory = await service.connect();
  const mine = await mallory.request("hello", { token: goodToken("mallory"), tabId: "m" });
  const attempts = [
    { token: goodToken("victim"), tabId: "v" },
    { token: goodToken("victim"), tabId: "v", resume: { sessionId, resumeToken } },
    { token: goodToken("mallory"), tabId: "v", resume: { sessionId, resumeToken } },
    { token: goodToken("mallory"), tabId: "m", resume: { sessionId: mine.sessionId, resumeToken: mine.resumeToken } },
  ];
  for (const data of attempts) {
    expect(await mallory.ask("hello", data)).toMatchObject({ ok: false, error: { code: "bad_message" } });
  }
  // On a new socket, too, the token of one user never resumes the session of another one.
  const fresh = await service.connect();
  const stolen = { token: goodToken("mallory"), tabId: "v", resume: { sessionId, resumeToken } };
  expect(await fresh.ask("hello", stolen)).toMatchObject({ ok: false, error: { code: "session_gone" } });
  const { room } = await victim.request("getRoom");
  expect(room.participants.map(({ userId }) => userId)).toEqual(["victim"]);
  expect(await mallory.ask("getRoom")).toMatchObject({ ok: false, error: { code: "not_joined" } });
});

test("hellos that come at once: one begins the session, the others are refused", async () => {
  const service = await startService();
  const client = await service.connect();
  for (let n = 0; n < 50; n += 1)
    client.send({ id: n, type: "hello", data: { user: { id: `user-${n}` }, tabId: "t" } });
  await client.frame(({ id }) => id === 49);
  expect(client.frames.filter(({ ok }) => ok)).toMatchObject([{ id: 0 }]);
  expect(service.app.registry.size).toBe(1);
});
