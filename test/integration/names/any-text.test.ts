import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkRoomId, checkUserId, isWellFormed } from "@lastseen/protocol";
import { noRedisReason, RedisServer } from "../../support/redis-server.js";
import { startService, type TestService } from "../../support/service.js";

const IDS = [
  "auth0|5f7c",
  "google-oauth2|1",
  "ada+x@example.com",
  "Team standup",
  "会议室",
  "YQ/b==",
  "{a}:%2F#?&;",
  "🎉".repeat(128),
];

test.each(IDS)("a room and a user with the id %.40s are reached through the API", async (id) => {
  const service = await startService();
  const ada = await service.hello(id, { tabId: "t" });
  await ada.request("join", { roomId: id });
  const at = encodeURIComponent(id);
  expect(await (await service.get(`/api/rooms/${at}`)).json()).toMatchObject({ id, participants: [{ userId: id }] });
  expect(await (await service.get(`/api/users/${at}/status`)).json()).toEqual({ userId: id, status: "available" });
  const sessions = await service.get(`/api/sessions?userId=${at}&roomId=${at}`);
  expect(await sessions.json()).toMatchObject({ sessions: [{ userId: id }] });
  expect((await service.get(`/api/rooms/${at}`, { method: "DELETE" })).status).toBe(204);
  expect(await ada.event("room_closed")).toMatchObject({ roomId: id });
});

/** Any strings of UTF-16 units, with half characters, controls and white space among them. */
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 140 }),
  fc
    .array(fc.constantFrom("\uD83C", "\uDF89", "\u202E", "\u0000", " ", "%", "{", "}", "|", "会", "a", ":"), {
      maxLength: 12,
    })
    .map((units) => units.join("")),
);

/** Each try is another user, because one user may not begin so many sessions. */
let nextUser = 1;

/** Says hello, joins and sets metadata with any text. What is allowed works, and what is not allowed is refused by its field. */
async function tryText(service: TestService, text: string): Promise<void> {
  const client = await service.connect();
  const allowed = checkUserId(text) === undefined;
  const hello = await client.ask("hello", { user: { id: text, name: text }, tabId: "t" });
  if (!hello.ok) {
    expect([allowed, hello.error.code]).toEqual([false, "bad_message"]);
    expect(hello.error.message).toContain("data.user.id");
    await client.request("hello", { user: { id: `user-${nextUser++}`, name: text }, tabId: "t" });
  } else expect(allowed).toBe(true);
  const join = await client.ask("join", { roomId: text });
  expect(join.ok).toBe(checkRoomId(text) === undefined);
  if (!join.ok) await client.request("join", { roomId: "daily" });
  const set = await client.ask("setMetadata", { metadata: { [text]: text } });
  expect(set.ok || set.error.code).toBe(isWellFormed(text) || "bad_message");
  const { room } = await client.request("getRoom");
  expect(room.participants.every(({ name }) => isWellFormed(name) && !/[\p{Cc}\p{Bidi_Control}]/u.test(name))).toBe(
    true,
  );
  await client.request("beforeDisconnect", {});
  await client.closed();
}

test("any text as id, name or metadata is taken whole or refused by its field", { timeout: 60_000 }, async () => {
  const service = await startService();
  await fc.assert(
    fc.asyncProperty(anyText, (text) => tryText(service, text)),
    { numRuns: 300 },
  );
});

describe.skipIf(noRedisReason)("with a real Redis", () => {
  test(
    "any text as id, name or metadata is taken whole or refused by its field",
    { timeout: 90_000 },
    async ({ onTestFinished }) => {
      const redis = await RedisServer.start();
      onTestFinished(() => redis.stop());
      const service = await startService({ REDIS_URL: redis.url });
      await expect.poll(() => service.get("/health/ready").then(({ status }) => status)).toBe(200);
      await fc.assert(
        fc.asyncProperty(anyText, (text) => tryText(service, text)),
        { numRuns: 100 },
      );
    },
  );

  test("a call is answered whose two users have a name that was cut inside an emoji", async ({ onTestFinished }) => {
    const redis = await RedisServer.start();
    onTestFinished(() => redis.stop());
    const service = await startService({ REDIS_URL: redis.url });
    const broken = "Maria 🎉".slice(0, 7);
    const ada = await service.hello("auth0|ada x", { user: { id: "auth0|ada x", name: broken } });
    const bob = await service.hello("bob 会", { user: { id: "bob 会", name: broken } });
    const { callId, roomId } = await ada.request("startCall", { to: "bob 会", kind: "audio" });
    expect(await bob.event("incoming_call")).toMatchObject({ callId, from: { name: "Maria \uFFFD" } });
    expect(await bob.request("acceptCall", { callId })).toEqual({ callId, roomId });
    await ada.event("call_accepted");
  });

  test("a name that comes to one node is told in the rooms of the other node", async ({ onTestFinished }) => {
    const redis = await RedisServer.start();
    onTestFinished(() => redis.stop());
    const env = { REDIS_URL: redis.url, MULTI_TAB_POLICY: "allow" };
    const one = await startService({ ...env, NODE_ID: "one" });
    const two = await startService({ ...env, NODE_ID: "two" });
    const bob = await one.join("bob", "Team standup");
    await one.join("ada", "Team standup");
    await two.hello("ada", { tabId: "two", user: { id: "ada", name: "Countess" } });
    expect(await bob.event("name_changed")).toMatchObject({ userId: "ada", name: "Countess" });
  });
});
