import { expect, test, vi } from "vitest";
import { NoMedia, type NoSessionMedia } from "../../../src/media/no-media.js";
import { startService, type TestService } from "../../support/service.js";
import { assertNoFailure } from "./bystander.js";

type Claim = { sessionId: string; resumeToken: string };

/** Holds the next request for a place in a room until the test lets it in. */
async function holdNextJoin({ app }: TestService) {
  if (!(app.media instanceof NoMedia)) throw new Error("these services run without media");
  let letIn: (media: NoSessionMedia) => void = () => {};
  const join = vi.spyOn(app.media, "join");
  const place = await app.media.join();
  join.mockImplementationOnce(() => new Promise((resolve) => (letIn = resolve)));
  return { join, place, letIn: () => letIn(place) };
}

/** A client without a session that asks for one. */
async function resumeAs(service: TestService, userId: string, resume: Claim) {
  const client = await service.connect();
  const answer = await client.ask("hello", { user: { id: userId }, tabId: "t", resume });
  return { client, answer };
}

test.each<[what: string, change: (right: Claim) => Partial<Claim>, userId: string]>([
  ["a wrong token", () => ({ resumeToken: "wrong" }), "bob"],
  ["a token with one character changed", ({ resumeToken }) => ({ resumeToken: flip(resumeToken) }), "bob"],
  ["the right token with something behind it", ({ resumeToken }) => ({ resumeToken: `${resumeToken} ` }), "bob"],
  ["an unknown session", () => ({ sessionId: "00000000-0000-4000-8000-000000000000" }), "bob"],
  ["a session called __proto__", () => ({ sessionId: "__proto__" }), "bob"],
  ["the right token as another user", () => ({}), "mallory"],
])("%s is session_gone, tells nothing else, and the same socket may begin anew", async (_what, change, userId) => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  const { sessionId, resumeToken } = bob.hello;
  const right = { sessionId, resumeToken };
  const { client, answer } = await resumeAs(service, userId, { ...right, ...change(right) });
  expect(answer).toEqual({
    id: expect.anything(),
    ok: false,
    error: {
      code: "session_gone",
      message: "This session cannot be resumed; say hello without resume.",
      retryable: false,
    },
  });
  const fresh = await client.request("hello", { user: { id: userId }, tabId: "t" });
  expect(fresh).toMatchObject({ resumed: false, epoch: 1, room: null });
  expect(fresh.sessionId).not.toBe(sessionId);
  await expect(bob.ask("getRoom")).resolves.toMatchObject({ ok: true });
  expect(ada.events("user_away")).toEqual([]);
  assertNoFailure(service);
});

function flip(text: string): string {
  return (text.startsWith("A") ? "B" : "A") + text.slice(1);
}

test("a resume token works once: every hello brings a new one, and a replayed one is refused", async () => {
  const service = await startService();
  const bob = await service.join("bob", "daily");
  const { sessionId, resumeToken: first } = bob.hello;
  bob.reset();
  const second = await resumeAs(service, "bob", { sessionId, resumeToken: first });
  expect(second.answer.ok).toBe(true);
  const replayed = await resumeAs(service, "bob", { sessionId, resumeToken: first });
  expect(replayed.answer).toMatchObject({ error: { code: "session_gone" } });
  await expect(second.client.ask("getRoom")).resolves.toMatchObject({ ok: true });
  const tokens = new Set([first]);
  let latest = second.answer.ok ? second.answer.data.resumeToken : "";
  for (let epoch = 3; epoch < 8; epoch += 1) {
    tokens.add(latest);
    const next = await resumeAs(service, "bob", { sessionId, resumeToken: latest });
    expect(next.answer).toMatchObject({ ok: true, data: { epoch, sessionId } });
    latest = next.answer.ok ? next.answer.data.resumeToken : "";
  }
  expect(tokens.size).toBe(6);
  expect([...tokens].every((token) => token.length >= 32)).toBe(true);
});

test("a resume whose answer was lost with its socket is repeated with the token that the client has", async () => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  const { hello } = bob;
  const session = service.app.registry.get(hello.sessionId);
  let latest = bob.socket;
  for (let epoch = 2; epoch < 5; epoch += 1) {
    latest.terminate();
    await expect.poll(() => session.connection).toBeUndefined();
    // Nothing is ever said over it: for all that the service knows, the answer did not arrive.
    const { client, answer } = await resumeAs(service, "bob", hello);
    expect(answer).toMatchObject({ ok: true, data: { epoch, resumed: true, room: { id: "daily" } } });
    latest = client.socket;
  }
  latest.terminate();
  await expect.poll(() => session.connection).toBeUndefined();
  const { client } = await resumeAs(service, "bob", hello);
  await client.request("getRoom");
  client.reset();
  await expect.poll(() => session.connection).toBeUndefined();
  const { answer } = await resumeAs(service, "bob", hello);
  expect(answer).toMatchObject({ error: { code: "session_gone" } });
  expect(ada.events("user_left")).toEqual([]);
});

test("a page that was loaded anew is told of its media again when the first answer was lost", async () => {
  const service = await startService();
  const bob = await service.join("bob", "daily");
  const session = service.app.registry.get(bob.hello.sessionId);
  bob.socket.close(1001);
  await bob.closed();
  for (let load = 0; load < 2; load += 1) {
    const { client } = await resumeAs(service, "bob", bob.hello);
    expect(await client.event("media_reset")).toEqual({ reason: "page_reloaded" });
    client.reset();
    await expect.poll(() => session.connection).toBeUndefined();
  }
});

test("without authentication a resume needs no user, only the token", async () => {
  const service = await startService();
  const guest = await service.connect();
  const { sessionId, resumeToken, user } = await guest.request("hello", { tabId: "t" });
  guest.reset();
  const back = await service.connect();
  const answer = await back.request("hello", { tabId: "t", resume: { sessionId, resumeToken } });
  expect(answer).toMatchObject({ resumed: true, sessionId, user });
});

test("a session that resumed too late is gone, and the client begins anew on the same socket", async () => {
  const service = await startService({ RESUME_GRACE_MS: "1200" });
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  bob.reset();
  await ada.event("user_left", ({ userId }) => userId === "bob");
  const { client, answer } = await resumeAs(service, "bob", bob.hello);
  expect(answer).toMatchObject({ ok: false, error: { code: "session_gone" } });
  await client.request("hello", { user: { id: "bob" }, tabId: "t" });
  await client.request("join", { roomId: "daily" });
  expect(await ada.event("user_joined", ({ version }) => version > 2)).toMatchObject({
    participant: { userId: "bob" },
  });
});

test.each(["leave for good", "kick"])("a session that ended by %s cannot be resumed", async (how) => {
  const service = await startService();
  const bob = await service.join("bob", "daily");
  if (how === "kick") await service.get(`/api/sessions/${bob.hello.sessionId}`, { method: "DELETE" });
  else await bob.request("beforeDisconnect", {});
  await bob.closed();
  const { answer } = await resumeAs(service, "bob", bob.hello);
  expect(answer).toMatchObject({ ok: false, error: { code: "session_gone" } });
});

test("a resume while the old socket is still there closes it with 4409, and it cannot act any more", async () => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  const old = await service.join("bob", "daily");
  const { answer, client } = await resumeAs(service, "bob", old.hello);
  expect(answer).toMatchObject({ ok: true, data: { resumed: true, epoch: 2, room: { id: "daily" } } });
  // What the old tab still sends before it hears of its end goes nowhere.
  old.send({ id: "late", type: "setMetadata", data: { metadata: { from: "the past" } } });
  old.send({ id: "bye", type: "beforeDisconnect", data: {} });
  expect(await old.closed()).toBe(4409);
  expect(old.frames.filter(({ id }) => id === "late" || id === "bye")).toEqual([]);
  const { room } = await client.request("getRoom");
  expect(room.participants).toMatchObject([{ userId: "ada" }, { userId: "bob", metadata: {}, state: "present" }]);
  // The end of the old socket is not the end of the session's connection.
  await ada.request("setMetadata", { metadata: {} });
  expect(ada.events("user_away")).toEqual([]);
  expect(ada.events("user_left")).toEqual([]);
});

test("a request that was under way when the session changed hands is fenced: it ends without effect", async () => {
  const service = await startService();
  const old = await service.hello("bob");
  const { join, place, letIn } = await holdNextJoin(service);
  old.send({ id: "join", type: "join", data: { roomId: "daily" } });
  old.send({ id: "after", type: "join", data: { roomId: "other" } });
  await expect.poll(() => join.mock.calls.length).toBe(2);
  const { client, answer } = await resumeAs(service, "bob", old.hello);
  expect(answer).toMatchObject({ ok: true, data: { epoch: 2, room: null } });
  letIn();
  expect(await old.closed()).toBe(4409);
  await expect.poll(() => service.app.gateway.counters.rejected.get("fenced")).toBe(2);
  expect(place.closed).toBe(true);
  expect(service.app.rooms.size).toBe(0);
  await expect(client.request("join", { roomId: "daily" })).resolves.toMatchObject({
    epoch: 2,
    room: { participants: [{ userId: "bob" }] },
  });
  assertNoFailure(service);
});

test("a join that was under way when its socket broke does not happen behind its back", async () => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  const bob = await service.hello("bob");
  const { join, place, letIn } = await holdNextJoin(service);
  bob.send({ id: "join", type: "join", data: { roomId: "daily" } });
  await expect.poll(() => join.mock.calls.length).toBe(2);
  bob.reset();
  await expect.poll(() => service.app.gateway.connectionCount).toBe(1);
  letIn();
  await expect.poll(() => place.closed).toBe(true);
  expect((await ada.request("getRoom")).room.participants).toHaveLength(1);
  expect(ada.events("user_joined")).toEqual([]);
});

test("two who resume with the same token at once: one of them gets it", async () => {
  const service = await startService();
  const bob = await service.join("bob", "daily");
  bob.reset();
  const answers = await Promise.all(Array.from({ length: 6 }, () => resumeAs(service, "bob", bob.hello)));
  const codes = answers.map(({ answer }) => (answer.ok ? "ok" : answer.error.code)).toSorted();
  expect(codes).toEqual(["ok", ...Array<string>(5).fill("session_gone")]);
  expect(service.app.registry.find(bob.hello.sessionId)?.epoch).toBe(2);
});
