import { expect, test } from "vitest";
import { startService, type TestService } from "../../support/service.js";
import { TestClient } from "../../support/test-client.js";
import { assertNoFailure } from "./bystander.js";
import { goodToken, inSeconds, rsaToken, SECRET, token, unsignedToken } from "./tokens.js";

const JWT = { AUTH_MODE: "jwt", JWT_SECRET: SECRET, JWT_CLOCK_TOLERANCE_S: "0" };
/** Long enough to say hello and to join with on a busy machine. */
const soon = (): number => Date.now() / 1000 + 1.5;
const claims = { sub: "ada", exp: inSeconds(600) };

const helloWith = async (service: TestService, given: string | undefined, more: object = {}) => {
  const client = await service.connect();
  const answer = await client.ask("hello", { tabId: "t", ...(given === undefined ? {} : { token: given }), ...more });
  return { client, answer };
};

test("a good token names the user; what the client says about itself does not count", async () => {
  const service = await startService(JWT);
  const named = await helloWith(service, goodToken("ada", { name: "Ada L." }), { user: { id: "root", name: "Root" } });
  expect(named.answer).toMatchObject({ ok: true, data: { user: { id: "ada", name: "Ada L." } } });
  const unnamed = await helloWith(service, goodToken("bob"));
  expect(unnamed.answer).toMatchObject({ ok: true, data: { user: { id: "bob", name: "bob" } } });
});

test("a refused hello is logged with where it came from, as far as a proxy says, and without the token", async () => {
  const service = await startService(JWT);
  const refused = () => service.log.filter(({ msg }) => msg === "request refused");
  await helloWith(service, "let me in");
  expect(refused()).toEqual([
    expect.objectContaining({ request: "hello", code: "unauthorized", address: "127.0.0.1" }),
  ]);
  expect(refused()[0]).not.toHaveProperty("forwardedFor");

  const forwarded = `${"x".repeat(10_000)}, 203.0.113.7`;
  const client = await TestClient.open(service.ws, { headers: { "x-forwarded-for": forwarded } });
  await client.ask("hello", { tabId: "t", token: "let me in" });
  expect(refused()[1]).toMatchObject({ address: "127.0.0.1", forwardedFor: forwarded.slice(-100) });
  expect(JSON.stringify(service.log)).not.toContain("let me in");
});

test("whoever has said hello is known by his session, and no address is logged any more", async () => {
  const service = await startService();
  const ada = await service.hello("ada");
  await ada.ask("getRoom");
  const [line] = service.log.filter(({ msg }) => msg === "request refused");
  expect(line).toMatchObject({ userId: "ada", request: "getRoom" });
  expect(line).not.toHaveProperty("address");
});

test.each([
  ["missing", undefined],
  ["empty", ""],
  ["no token at all", "let me in"],
  ["three dots", "..."],
  ["of another secret", token(claims, { secret: "another-secret-of-more-than-32-chars" })],
  ["of an empty secret", token(claims, { secret: "" })],
  ["without its signature", `${goodToken("ada").split(".").slice(0, 2).join(".")}.`],
  ["with a changed claim", swapClaims(goodToken("ada"), { ...claims, sub: "root" })],
  ["valid until the end of numbers", token({ sub: "ada", exp: 1e308 })],
  ["valid until a negative time", token({ sub: "ada", exp: -1e308 })],
  ["valid until a time in milliseconds", token({ sub: "ada", exp: Date.now() + 60_000 })],
  ["unsigned (none)", unsignedToken(claims, "none")],
  ["unsigned (None)", unsignedToken(claims, "None")],
  ["unsigned (HS256)", unsignedToken(claims, "HS256")],
  ["signed as none with a signature", token(claims, { header: { alg: "none" } })],
  ["HS512 with the right secret", token(claims, { header: { alg: "HS512" }, hash: "sha512" })],
  ["RS256 with a key of the attacker", rsaToken(claims).signed],
  ["HS256 with a public key as the secret", rsaToken(claims).confused],
  ["expired a second ago", token({ sub: "ada", exp: inSeconds(-1) })],
  ["expired long ago", token({ sub: "ada", exp: 1 })],
  ["not valid yet", goodToken("ada", { nbf: inSeconds(600) })],
  ["without exp", token({ sub: "ada" })],
  ["with exp as text", token({ sub: "ada", exp: String(inSeconds(600)) })],
  ["with exp null", token({ sub: "ada", exp: null })],
  ["without sub", token({ exp: inSeconds(600) })],
  ["with an empty sub", goodToken("")],
  ["with sub a number", token({ ...claims, sub: 7 })],
  ["with sub of forbidden characters", goodToken("ada\nlovelace")],
  ["with sub too long", goodToken("a".repeat(129))],
  ["with rooms a text", goodToken("ada", { rooms: "daily" })],
  ["with rooms of numbers", goodToken("ada", { rooms: [1] })],
  ["with claims a list", token([claims])],
  ["with claims null", token(null as unknown as object)],
])("a token that is %s is unauthorized and closed with 4401, and no session begins", async (_what, given) => {
  const service = await startService(JWT);
  const { client, answer } = await helloWith(service, given);
  expect(answer).toMatchObject({ ok: false, error: { code: "unauthorized", retryable: false } });
  expect(await client.closed()).toBe(4401);
  expect(service.app.registry.size).toBe(0);
  expect(JSON.stringify(service.log)).not.toContain(SECRET);
  if (given !== undefined && given.length > 10) expect(JSON.stringify(service.log)).not.toContain(given);
  assertNoFailure(service);
});

function swapClaims(original: string, other: object): string {
  const [header, , signature] = original.split(".");
  return [header, Buffer.from(JSON.stringify(other)).toString("base64url"), signature].join(".");
}

test("a token without rooms opens all of them, one with rooms only those", async () => {
  const service = await startService(JWT);
  const free = await helloWith(service, goodToken("ada"));
  await expect(free.client.ask("join", { roomId: "anywhere" })).resolves.toMatchObject({ ok: true });
  const bound = await helloWith(service, goodToken("bob", { rooms: ["daily", "weekly"] }));
  expect(await bound.client.ask("join", { roomId: "secret" })).toMatchObject({ error: { code: "forbidden" } });
  expect(await bound.client.ask("join", { roomId: "DAILY" })).toMatchObject({ error: { code: "forbidden" } });
  await expect(bound.client.ask("join", { roomId: "weekly" })).resolves.toMatchObject({ ok: true });
  const nowhere = await helloWith(service, goodToken("cid", { rooms: [] }));
  expect(await nowhere.client.ask("join", { roomId: "daily" })).toMatchObject({ error: { code: "forbidden" } });
  expect(nowhere.client.closeCode).toBeUndefined();
});

test.each([
  ["a bare heartbeat", '{"type":"ping"}', false],
  ["a request", '{"id":"late","type":"getRoom"}', true],
  ["a heartbeat with an id", '{"id":"late","type":"ping"}', true],
])("when the token runs out, %s is refused and the socket closed with 4401", async (_what, raw, hasId) => {
  const service = await startService(JWT);
  const { client } = await helloWith(service, token({ sub: "ada", exp: soon() }));
  await client.request("join", { roomId: "daily" });
  const send = setInterval(() => client.sendRaw(raw), 50);
  expect(await client.closed()).toBe(4401);
  clearInterval(send);
  const refusal = hasId ? (await client.frame(({ ok }) => ok === false)).error : await client.event("error");
  expect(refusal).toMatchObject({ code: "unauthorized", message: "The token has expired." });
});

test("a client that says nothing is closed with 4401 as well, at the next ping of its socket", async () => {
  const service = await startService({ ...JWT, SOCKET_PING_INTERVAL_MS: "300" });
  const { client } = await helloWith(service, token({ sub: "ada", exp: soon() }));
  expect(await client.closed()).toBe(4401);
});

test("a session whose token ran out is resumed with a new token, without the others hearing of a leave", async () => {
  const service = await startService(JWT);
  const ada = await helloWith(service, goodToken("ada"));
  await ada.client.request("join", { roomId: "daily" });
  const bob = await helloWith(service, token({ sub: "bob", exp: soon() }));
  const { sessionId, resumeToken } = await bob.client.request("join", { roomId: "daily" });
  const beat = setInterval(() => bob.client.sendRaw('{"type":"ping"}'), 50);
  expect(await bob.client.closed()).toBe(4401);
  clearInterval(beat);
  const resume = { sessionId, resumeToken };
  const stale = await helloWith(service, token({ sub: "bob", exp: inSeconds(-1) }), { resume });
  expect(stale.answer).toMatchObject({ error: { code: "unauthorized" } });
  const other = await helloWith(service, goodToken("mallory"), { resume });
  expect(other.answer).toMatchObject({ error: { code: "session_gone" } });
  const back = await helloWith(service, goodToken("bob"), { resume });
  expect(back.answer).toMatchObject({ ok: true, data: { sessionId, resumed: true, epoch: 2, room: { id: "daily" } } });
  await expect(back.client.ask("getRoom")).resolves.toMatchObject({ ok: true });
  expect(ada.client.events("user_left")).toEqual([]);
});

test("a session whose token ran out and is not renewed leaves as expired_token", async () => {
  const service = await startService({ ...JWT, RESUME_GRACE_MS: "1500" });
  const ada = await helloWith(service, goodToken("ada"));
  await ada.client.request("join", { roomId: "daily" });
  const bob = await helloWith(service, token({ sub: "bob", exp: soon() }));
  const { sessionId, resumeToken } = await bob.client.request("join", { roomId: "daily" });
  // It answers the close with a code of its own choice, which does not count.
  bob.client.socket.on("message", (raw: Buffer) => {
    if (raw.includes("expired")) bob.client.socket.close(1001);
  });
  const beat = setInterval(() => bob.client.sendRaw('{"type":"ping"}'), 200);
  await bob.client.closed();
  clearInterval(beat);
  expect(await ada.client.event("user_left")).toMatchObject({
    userId: "bob",
    reason: "expired_token",
    participants: ["ada"],
  });
  expect(service.log.find(({ msg }) => msg === "socket ended")).toMatchObject({
    closeCode: 4401,
    reason: "token_expired",
  });
  const late = await helloWith(service, goodToken("bob"), { resume: { sessionId, resumeToken } });
  expect(late.answer).toMatchObject({ ok: false, error: { code: "session_gone" } });
});

test("a session is not resumed with a token that no longer allows its room; what there is stays as it is", async () => {
  const service = await startService(JWT);
  const { client } = await helloWith(service, goodToken("ada"));
  const { sessionId, resumeToken } = await client.request("join", { roomId: "daily" });
  const resume = { sessionId, resumeToken };
  const narrowed = await helloWith(service, goodToken("ada", { rooms: ["weekly"] }), { resume });
  expect(narrowed.answer).toMatchObject({ ok: false, error: { code: "session_gone" } });
  await expect(client.ask("getRoom")).resolves.toMatchObject({ ok: true });
  const allowed = await helloWith(service, goodToken("ada", { rooms: ["daily"] }), { resume });
  expect(allowed.answer).toMatchObject({ ok: true, data: { sessionId, room: { id: "daily" } } });
});

test.each([4401, 4400])("a client that closes with %i by itself is a line that broke, nothing else", async (code) => {
  const service = await startService({ RESUME_GRACE_MS: "1200", RELOAD_GRACE_MS: "100" });
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  bob.socket.close(code);
  expect(await ada.event("user_away")).toMatchObject({ userId: "bob", reason: "connection_lost" });
  expect(await ada.event("user_left")).toMatchObject({ userId: "bob", reason: "disconnected" });
});

test("without authentication users are who they say they are, and who says nothing is a guest", async () => {
  const service = await startService();
  const said = await service.connect();
  expect(await said.request("hello", { user: { id: "ada" }, tabId: "t", token: "ignored" })).toMatchObject({
    user: { id: "ada", name: "ada" },
  });
  const guests = await Promise.all([service.connect(), service.connect()]);
  const replies = await Promise.all(guests.map((guest) => guest.request("hello", { tabId: "t" })));
  const ids = replies.map(({ user }) => user.id);
  expect(ids).toEqual([expect.stringMatching(/^guest-/), expect.stringMatching(/^guest-/)]);
  expect(new Set(ids).size).toBe(2);
});
