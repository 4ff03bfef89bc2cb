import { expect, test } from "vitest";
import type { Problem } from "@lastseen/protocol/http";
import { startService } from "../../support/service.js";

test("rooms are listed with their size, a room with its participants, their state and their media", async () => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  await service.join("cid", "weekly");
  await bob.request("setMetadata", { metadata: { hand: true } });
  const { nodeId } = ada.hello;
  expect(await (await service.get("/api/rooms")).json()).toEqual({
    rooms: [
      { roomId: "daily", id: "daily", nodeId, version: 3, openedAt: expect.any(Number), participants: 2, audience: 0 },
      {
        roomId: "weekly",
        id: "weekly",
        nodeId,
        version: 1,
        openedAt: expect.any(Number),
        participants: 1,
        audience: 0,
      },
    ],
    cursor: null,
    total: 2,
    missing: [],
  });
  const media = { transports: 0, producers: 0, consumers: 0 };
  const common = {
    role: "participant",
    state: "present",
    joinedAt: expect.any(Number),
    lastSeenAt: expect.any(Number),
    producers: [],
    media,
  };
  expect(await (await service.get("/api/rooms/daily")).json()).toEqual({
    roomId: "daily",
    id: "daily",
    nodeId,
    version: 3,
    openedAt: expect.any(Number),
    audience: 0,
    participants: [
      { userId: "ada", name: "ADA", sessionId: ada.hello.sessionId, metadata: {}, ...common },
      { userId: "bob", name: "BOB", sessionId: bob.hello.sessionId, metadata: { hand: true }, ...common },
    ],
  });
});

test("an away participant is shown as away, and one who left is not shown", async () => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  const cid = await service.join("cid", "daily");
  await cid.request("leave");
  bob.reset();
  await ada.event("user_away");
  const room = await (await service.get("/api/rooms/daily")).json();
  expect(room).toMatchObject({
    participants: [
      { userId: "ada", state: "present" },
      { userId: "bob", state: "away" },
    ],
  });
  expect((room as { participants: unknown[] }).participants).toHaveLength(2);
});

test("a closed room is told to all of its participants; each leaves as room_closed, keeps its session and may join again", async () => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  const elsewhere = await service.join("cid", "weekly");
  expect((await service.get("/api/rooms/daily", { method: "DELETE" })).status).toBe(204);
  for (const client of [ada, bob]) {
    expect(await client.event("room_closed")).toEqual({ roomId: "daily", version: 3, reason: "closed_by_operator" });
  }
  expect(await bob.event("user_left")).toMatchObject({ roomId: "daily", userId: "ada", reason: "room_closed" });
  expect((await service.get("/api/rooms/daily")).status).toBe(404);
  expect((await service.get("/api/rooms/daily", { method: "DELETE" })).status).toBe(404);
  expect(await ada.ask("getRoom")).toMatchObject({ error: { code: "not_joined" } });
  await expect(ada.request("join", { roomId: "daily" })).resolves.toMatchObject({
    sessionId: ada.hello.sessionId,
    room: { version: 1, participants: [{ userId: "ada" }] },
  });
  expect(elsewhere.events("room_closed")).toEqual([]);
  expect(elsewhere.events("user_left")).toEqual([]);
});

test("a room whose id is as long as it may be, and one of every allowed character, can be asked for", async () => {
  const service = await startService();
  for (const roomId of ["r".repeat(128), ":".repeat(128), "Az09_.:@-"]) {
    const client = await service.join(`user-${roomId.length}-${roomId.codePointAt(0)}`, roomId);
    const response = await service.get(`/api/rooms/${encodeURIComponent(roomId)}`);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ roomId });
    expect((await service.get(`/api/rooms/${roomId}`, { method: "DELETE" })).status).toBe(204);
    await client.event("room_closed");
  }
});

test("rooms come in pages by their ids, and a page that is not one is refused", async () => {
  const service = await startService();
  for (const roomId of ["b", "a", "c"]) await service.join(`in-${roomId}`, roomId);
  const read = async (query: string) => (await service.get(`/api/rooms?${query}`)).json();
  expect(await read("limit=2")).toMatchObject({ rooms: [{ roomId: "a" }, { roomId: "b" }], cursor: "b", total: 3 });
  expect(await read("limit=2&cursor=b")).toMatchObject({ rooms: [{ roomId: "c" }], cursor: null, total: 3 });
  expect(await read("limit=0")).toMatchObject({ code: "bad_message", field: "query.limit" });
});

test.each([
  ["unknown", "nowhere", 404],
  ["__proto__", "__proto__", 404],
  ["longer than any", "r".repeat(129), 400],
  ["much longer than any", "r".repeat(2_000), 414],
  ["not decodable", "%zz", 400],
])("a room id that is %s is refused in the usual form", async (_what, roomId, status) => {
  const service = await startService();
  const response = await service.get(`/api/rooms/${roomId}`);
  expect(response.status).toBe(status);
  const refusal = (await response.json()) as Problem;
  expect(refusal).toMatchObject({ code: status === 404 ? "not_found" : "bad_message", status });
  expect(refusal.detail).not.toContain(roomId);
});

test("a forced cleanup reaps who is over the deadline without waiting for the sweep, spares the living, and reports it", async () => {
  const service = await startService({
    HEARTBEAT_INTERVAL_MS: "200",
    AWAY_AFTER_MS: "300",
    IDLE_TIMEOUT_MS: "800",
    SWEEP_INTERVAL_MS: "600000",
  });
  const ada = await service.join("ada", "daily");
  const beat = setInterval(() => ada.sendRaw('{"type":"ping"}'), 100);
  const bob = await service.join("bob", "daily");
  await expect.poll(async () => (await service.get("/api/health")).json()).toMatchObject({ ghosts: 1 });
  const ghosts = (await (await service.get("/api/sessions?state=ghost")).json()) as { sessions: { userId: string }[] };
  expect(ghosts.sessions).toMatchObject([{ userId: "bob", state: "ghost", verdict: { cause: "silent" } }]);
  const before = Date.now();
  const response = await service.get("/api/cleanup", { method: "POST" });
  clearInterval(beat);
  expect(response.status).toBe(200);
  const report = (await response.json()) as { sweep: { at: number } };
  expect(report).toEqual({
    sweep: {
      at: expect.any(Number),
      result: "completed",
      checked: 2,
      ghosts: 1,
      reaped: [bob.hello.sessionId],
      stuckRetried: 0,
      durationMs: expect.any(Number),
    },
    reconciliation: {
      orphansClosed: 0,
      orphansSuspected: 0,
      mediaReset: 0,
      foreignMedia: { transport: 0, producer: 0, consumer: 0 },
      rosterRepaired: 0,
      directoryDrift: 0,
    },
  });
  expect(Math.abs(report.sweep.at - before)).toBeLessThan(5_000);
  expect(await ada.event("user_left")).toMatchObject({ userId: "bob", reason: "idle" });
  expect(await bob.closed()).toBe(4410);
  expect(ada.closeCode).toBeUndefined();
});
