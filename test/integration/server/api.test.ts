import { expect, test } from "vitest";
import { LastseenApi, LastseenApiError } from "@lastseen/server";
import { startService, type TestService } from "../../support/service.js";
import { ADMIN_TOKEN, PRODUCTION } from "../../support/secrets.js";
import { Receiver } from "../webhook/receiver.js";

function apiOf(service: TestService, token?: string): LastseenApi {
  return new LastseenApi({ url: service.http, token });
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** What a call was refused with. */
async function refusalOf(call: Promise<unknown>): Promise<LastseenApiError> {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof LastseenApiError)) throw new Error("it was not refused", { cause: error });
  return error;
}

test("a backend reads who is in a room, and closes it", async () => {
  const service = await startService();
  const api = apiOf(service);
  const ada = await service.join("ada", "Team standup");
  await service.join("bob", "Team standup");
  const { rooms, missing } = await api.rooms.list();
  expect(rooms).toMatchObject([{ roomId: "Team standup", participants: 2 }]);
  expect(missing).toEqual([]);
  const { participants } = await api.rooms.get("Team standup");
  expect(participants.map(({ userId, state }) => [userId, state])).toEqual([
    ["ada", "present"],
    ["bob", "present"],
  ]);
  expect(await api.rooms.close("Team standup")).toBe(true);
  await ada.event("room_closed");
  expect(await api.rooms.close("Team standup")).toBe(false);
  expect(await api.rooms.find("Team standup")).toBeUndefined();
  expect(await refusalOf(api.rooms.get("Team standup"))).toMatchObject({
    code: "not_found",
    status: 404,
    retryable: false,
  });
});

test("all rooms come page after page, in the order of their ids, also when a room closes in between", async () => {
  const service = await startService();
  const api = apiOf(service);
  const people = [];
  for (const roomId of ["d", "b", "e", "a", "c"]) people.push(await service.join(`in-${roomId}`, roomId));
  const rooms = api.rooms.all({ limit: 2 });
  expect((await rooms.next()).value).toMatchObject({ roomId: "a", participants: 1 });
  await api.rooms.close("b");
  expect((await collect(rooms)).map(({ roomId }) => roomId)).toEqual(["b", "c", "d", "e"]);
  expect(await api.rooms.list()).toMatchObject({ rooms: { length: 4 }, total: 4, cursor: null });
  expect(people).toHaveLength(5);
});

test("all sessions come page after page, each of them once", async () => {
  const service = await startService();
  const api = apiOf(service);
  for (let n = 0; n < 12; n += 1) await service.join(`user-${n}`, n < 7 ? "daily" : "weekly");
  const page = await api.sessions.list({ limit: 5 });
  expect(page).toMatchObject({ sessions: { length: 5 }, total: 12, cursor: expect.any(String) });
  const all = await collect(api.sessions.all({ limit: 5 }));
  expect(new Set(all.map(({ userId }) => userId)).size).toBe(12);
  expect(all).toHaveLength(12);
  expect(await collect(api.sessions.all({ roomId: "daily", limit: 3 }))).toHaveLength(7);
  expect(await collect(api.sessions.all({ userId: "nobody" }))).toEqual([]);
});

test("a session is read with its timeline, kicked once, and known for a while after its end", async () => {
  const service = await startService();
  const api = apiOf(service);
  const ada = await service.join("ada", "daily");
  const { sessionId } = ada.hello;
  expect(await api.sessions.get(sessionId)).toMatchObject({ userId: "ada", state: "present", roomId: "daily" });
  expect(await api.sessions.kick(sessionId)).toBe(true);
  expect(await ada.closed()).toBe(4403);
  expect(await api.sessions.kick(sessionId)).toBe(false);
  expect(await api.sessions.find(sessionId)).toMatchObject({ state: "ended", end: { reason: "kicked" } });
  expect((await api.sessions.timeline(sessionId)).entries.map(({ step }) => step)).toContain("joined room");
  expect(await api.sessions.find("nobody")).toBeUndefined();
});

test("users are blocked for a time, and their calls are their own matter", async () => {
  const service = await startService();
  const api = apiOf(service);
  const bob = await service.join("bob", "daily");
  expect(await api.users.status("bob")).toEqual({ userId: "bob", status: "available" });
  await api.users.blockCaller("bob", "auth0|5f7c");
  expect(await api.users.blockedCallers("bob")).toEqual(["auth0|5f7c"]);
  expect(await api.users.unblockCaller("bob", "auth0|5f7c")).toBe(true);
  expect(await api.users.unblockCaller("bob", "auth0|5f7c")).toBe(false);

  const block = await api.blocks.block("bob", { seconds: 600, roomId: "daily" });
  expect(block).toMatchObject({ userId: "bob", roomId: "daily", expiresAt: expect.any(Number) });
  expect(await bob.event("room_closed")).toMatchObject({ roomId: "daily" });
  expect(await api.blocks.list({ userId: "bob" })).toMatchObject([{ roomId: "daily" }]);
  expect(await api.blocks.unblock("bob")).toBe(false);
  expect(await api.blocks.unblock("bob", { roomId: "daily" })).toBe(true);
  expect(await api.blocks.list()).toEqual([]);
});

test("what operators read is there: health, nodes, agents, history, settings, cleanups", async () => {
  const service = await startService();
  const api = apiOf(service);
  await service.join("ada", "daily");
  expect(await api.health()).toMatchObject({ status: "OK", sessions: 1, checks: { redis: "off" } });
  expect((await api.nodes()).nodes).toMatchObject([{ sessions: 1, rooms: 1 }]);
  expect(await api.agents()).toEqual({ agents: [], missing: [] });
  expect((await api.history()).minutes.length).toBeGreaterThan(0);
  expect(await api.settings()).toMatchObject({ idleTimeoutMs: expect.any(Number) });
  expect(await api.cleanups()).toMatchObject({ unfinished: 0, stuck: [] });
  expect((await api.cleanup()).sweep).toMatchObject({ result: "completed", checked: 1 });
  expect(await refusalOf(api.drain())).toMatchObject({ code: "not_found" });
});

test("events that a backend has missed are read again, page after page", async () => {
  const receiver = await Receiver.start();
  const service = await startService(receiver.settings);
  const api = apiOf(service);
  for (const user of ["ada", "bob", "cid"]) await service.join(user, "daily");
  await receiver.get("joined", "cid");
  const all = await collect(api.events.all({ limit: 2 }));
  expect(all.filter(({ type }) => type === "joined").map(({ userId }) => userId)).toEqual(["ada", "bob", "cid"]);
  const first = all[0]?.id ?? "";
  expect(await collect(api.events.all({ cursor: first, limit: 3 }))).toEqual(all.slice(1));
  const forgotten = collect(api.events.all({ cursor: "1-1" }));
  expect(await refusalOf(forgotten)).toMatchObject({ code: "incomplete", field: "cursor", retryable: false });
  expect(await collect(api.events.all({ cursor: "1-1" }, { partial: true }))).toEqual(all);
});

test("a refusal says what is wrong and how to mend it, and never repeats the token", async () => {
  const service = await startService({ ADMIN_TOKEN });
  expect(await apiOf(service, ADMIN_TOKEN).rooms.list()).toMatchObject({ rooms: [], missing: [] });
  const wrong = await refusalOf(apiOf(service, "a-wrong-token-of-mine").rooms.list());
  expect(wrong).toMatchObject({ code: "unauthorized", status: 401, mend: expect.stringContaining("ADMIN_TOKEN") });
  expect(JSON.stringify([wrong.message, wrong])).not.toContain("a-wrong-token-of-mine");
  expect(await refusalOf(apiOf(service).rooms.list())).toMatchObject({ code: "unauthorized" });
  const tooMany = await refusalOf(apiOf(service, ADMIN_TOKEN).sessions.list({ limit: 5_000 }));
  expect(tooMany).toMatchObject({ code: "bad_message", status: 400, retryable: false, field: "query.limit" });
});

test("a service that does not have the routes is not taken for one without the room", async () => {
  const service = await startService(PRODUCTION);
  const api = apiOf(service);
  for (const call of [api.rooms.find("daily"), api.rooms.close("daily"), api.sessions.kick("x")]) {
    expect(await refusalOf(call)).toMatchObject({ code: "not_found", field: "path", mend: expect.any(String) });
  }
});

test("an id that the path of a URL cannot carry is refused before a request is made", async () => {
  const service = await startService();
  const api = new LastseenApi({ url: service.http, fetch: () => expect.unreachable("it was sent") });
  const wrong = [api.rooms.close(".."), api.rooms.get(""), api.sessions.kick(".."), api.users.status("a\nb")];
  for (const call of wrong) {
    expect(await refusalOf(call)).toMatchObject({ code: "bad_message", status: undefined, field: expect.any(String) });
  }
});

test.each([
  [{ url: "" }, "url"],
  [{ url: "lastseen.example" }, "url"],
  [{ url: "ftp://lastseen.example" }, "url"],
  [{ url: "https://user:secret@lastseen.example" }, "url"],
  [{ url: "https://lastseen.example", token: "secret\n" }, "token"],
  [{ url: "https://lastseen.example", token: "" }, "token"],
  [{ url: "https://lastseen.example", timeoutMs: 0 }, "timeoutMs"],
  [{ url: "https://lastseen.example", retries: 1.5 }, "retries"],
])("the options %o are refused with the name of the wrong one", (options, name) => {
  expect(() => new LastseenApi(options)).toThrow(new RegExp(`^LastseenApi: ${name} must`));
  expect(() => new LastseenApi(options)).not.toThrow("secret");
});
