import { expect, test } from "vitest";
import type { SessionView } from "@lastseen/protocol/http";
import { startService, type TestService } from "../../support/service.js";
import { problem } from "../../support/problem.js";

interface Page {
  sessions: SessionView[];
  cursor: string | null;
  total: number;
}

async function page(service: TestService, query = ""): Promise<Page> {
  const response = await service.get(`/api/sessions${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Page;
}

const users = ({ sessions }: Page) => sessions.map(({ userId }) => userId);

test("a session is shown with who, where, since when, and the evidence that decides", async () => {
  const service = await startService();
  const before = Date.now();
  const ada = await service.hello("ada");
  await ada.request("join", { roomId: "daily", metadata: { hand: true } });
  ada.send({ type: "ping", data: { visibility: "hidden" } });
  await ada.frame(({ type }) => type === "pong");
  const view = (await (await service.get(`/api/sessions/${ada.hello.sessionId}`)).json()) as SessionView;
  expect(view).toEqual({
    sessionId: ada.hello.sessionId,
    id: ada.hello.sessionId,
    userId: "ada",
    name: "ADA",
    tabId: "tab-ada",
    nodeId: ada.hello.nodeId,
    roomId: "daily",
    state: "present",
    epoch: 1,
    openedAt: expect.any(Number),
    joinedAt: expect.any(Number),
    lastSeenAt: expect.any(Number),
    metadata: { hand: true },
    verdict: { cause: "heard", changesInMs: expect.any(Number) },
    evidence: {
      lastSeenAt: view.lastSeenAt,
      askedAt: null,
      socket: "open",
      socketSilentAt: null,
      detachedAt: null,
      detachKind: null,
      closeCode: null,
      lastPongAt: null,
      goodbyeAt: null,
      heldAt: null,
      media: null,
      mediaAt: null,
      mediaLostAt: null,
      mediaLostBy: null,
      mediaSilentAt: null,
      visibility: "hidden",
    },
    media: { transports: 0, producers: 0, consumers: 0 },
    end: null,
  });
  for (const at of [view.openedAt, view.joinedAt, view.lastSeenAt]) {
    expect(at).toBeGreaterThanOrEqual(before - 5);
    expect(at).toBeLessThanOrEqual(Date.now() + 5);
  }
  expect(view.verdict.changesInMs).toBeGreaterThan(40_000);
  expect(JSON.stringify(view)).not.toContain(ada.hello.resumeToken);
});

test("a session whose line broke is shown as away with the reason, then as gone", async () => {
  const service = await startService({ RESUME_GRACE_MS: "4000" });
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  bob.reset();
  await ada.event("user_away");
  const [view] = (await page(service, "?state=away")).sessions;
  expect(view).toMatchObject({
    userId: "bob",
    state: "away",
    verdict: { cause: "connection_lost" },
    evidence: { socket: "closed", detachKind: "connection_lost", detachedAt: expect.any(Number) },
  });
  await ada.event("user_left");
  const gone = (await (await service.get(`/api/sessions/${bob.hello.sessionId}`)).json()) as SessionView;
  expect(gone).toMatchObject({
    userId: "bob",
    roomId: "daily",
    state: "ended",
    verdict: { cause: "connection_lost" },
    evidence: { socket: "closed", detachKind: "connection_lost", closeCode: 1006, media: null },
    end: { reason: "disconnected", at: expect.any(Number) },
  });
  // Two readings of the wall clock: the same moment but for small corrections, and for a pause of the process in between.
  // It is not that of the end, which came three seconds later.
  expect(Math.abs((gone.evidence.detachedAt ?? 0) - (view?.evidence.detachedAt ?? 0))).toBeLessThan(1_500);
  expect(JSON.stringify(gone)).not.toContain(bob.hello.resumeToken);
  expect(users(await page(service))).toEqual(["ada"]);
});

test("sessions are filtered by user, room and state, alone and together", async () => {
  const service = await startService();
  await service.join("ada", "daily");
  await service.join("ada", "weekly");
  await service.join("bob", "daily");
  await service.hello("cid");
  const count = async (query: string) => (await page(service, query)).sessions.length;
  expect(await count("")).toBe(4);
  expect(await count("?userId=ada")).toBe(2);
  expect(await count("?roomId=daily")).toBe(2);
  expect(await count("?userId=ada&roomId=daily")).toBe(1);
  expect(await count("?state=present")).toBe(4);
  expect(await count("?state=ghost")).toBe(0);
  expect(await count("?userId=nobody")).toBe(0);
  expect(await count("?userId=ad")).toBe(0);
  expect(await count("?unknown=1")).toBe(4);
});

test("sessions are found by a part of the user, the name or the room, in upper or lower case, or by their whole id", async () => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  await service.join("bob", "weekly");
  await service.hello("cid", { user: { id: "cid", name: "Çid Ólafur" } });
  const found = async (search: string) => users(await page(service, `?search=${encodeURIComponent(search)}`));
  expect(await found("AD")).toEqual(["ada"]);
  expect(await found("WEEK")).toEqual(["bob"]);
  expect(await found("ólaf")).toEqual(["cid"]);
  expect(await found("ly")).toEqual(["ada", "bob"]);
  expect(await found(ada.hello.sessionId)).toEqual(["ada"]);
  expect(await found(ada.hello.sessionId.slice(1))).toEqual([]);
  expect(await found("nobody")).toEqual([]);
});

test("sessions that have ended are found for a while, the last end first, with the reason", async () => {
  const service = await startService();
  const clients = [];
  for (const user of ["ada", "bob", "cid"]) clients.push(await service.join(user, user === "cid" ? "weekly" : "daily"));
  for (const { hello } of clients) {
    await service.get(`/api/sessions/${hello.sessionId}`, { method: "DELETE" });
    // Ends are told apart by the millisecond.
    const ended = Date.now();
    await expect.poll(() => Date.now(), { interval: 1 }).toBeGreaterThan(ended);
  }
  await service.join("ada", "daily");
  const ended = async (query = "") => page(service, `?state=ended${query}`);
  expect(users(await ended())).toEqual(["cid", "bob", "ada"]);
  expect(users(await ended("&userId=ada"))).toEqual(["ada"]);
  expect(users(await ended("&roomId=daily"))).toEqual(["bob", "ada"]);
  expect(users(await ended("&search=BO"))).toEqual(["bob"]);
  expect((await ended("&userId=bob")).sessions[0]).toMatchObject({ state: "ended", end: { reason: "kicked" } });
  const first = await ended("&limit=2");
  expect(first).toMatchObject({ total: 3, cursor: expect.any(String) });
  const second = await ended(`&limit=2&cursor=${encodeURIComponent(first.cursor ?? "")}`);
  expect([users(first), users(second)]).toEqual([["cid", "bob"], ["ada"]]);
  expect(second).toMatchObject({ total: 3, cursor: null });
  expect(users(await page(service))).toEqual(["ada"]);
});

test("pages follow each other by the cursor; each session is on one of them, also when others end in between", async () => {
  const service = await startService();
  const clients = [];
  for (let n = 0; n < 23; n += 1) clients.push(await service.hello(`user-${n}`));
  const seen: string[] = [];
  let pages = 0;
  for (let cursor: string | null = ""; cursor !== null;) {
    const next: Page = await page(service, `?limit=5${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    expect(next.sessions.length).toBe(pages < 4 ? 5 : 3);
    seen.push(...users(next));
    // The very session that the cursor stands on ends before the next page is asked for.
    if (pages === 1) {
      const last = clients.find(({ hello }) => hello.sessionId === next.sessions.at(-1)?.sessionId);
      await last?.request("beforeDisconnect", {});
      await last?.closed();
    }
    ({ cursor } = next);
    pages += 1;
  }
  expect(pages).toBe(5);
  expect(seen.toSorted()).toEqual(clients.map(({ hello }) => hello.user.id).toSorted());
  const whole = await page(service);
  expect(whole.sessions).toHaveLength(22);
  expect(whole.cursor).toBeNull();
});

test("oldest sessions come first", async () => {
  const service = await startService();
  for (const user of ["one", "two", "three"]) {
    await service.hello(user);
    // Ages are told apart by the millisecond.
    const opened = Date.now();
    await expect.poll(() => Date.now(), { interval: 1 }).toBeGreaterThan(opened);
  }
  expect(users(await page(service))).toEqual(["one", "two", "three"]);
});

test.each([
  "?limit=0",
  "?limit=1001",
  "?limit=x",
  "?limit=1.5",
  "?state=gone",
  "?userId=a&userId=b",
  `?search=${"x".repeat(129)}`,
  `?cursor=${"x".repeat(201)}`,
])("the query %s is bad_message", async (query) => {
  const service = await startService();
  const response = await service.get(`/api/sessions${query}`);
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual(problem("bad_message", 400, { field: expect.stringMatching(/^query\./) }));
});

test("a kicked session is told 4403 and the others user_left kicked, at once and once", async () => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  const { sessionId } = bob.hello;
  const kicks = await Promise.all([1, 2].map(() => service.get(`/api/sessions/${sessionId}`, { method: "DELETE" })));
  expect(new Set(kicks.map(({ status }) => status))).toEqual(new Set([204, 404]));
  expect(await bob.closed()).toBe(4403);
  expect(await ada.event("user_left")).toMatchObject({
    userId: "bob",
    sessionId,
    reason: "kicked",
    participants: ["ada"],
  });
  expect(ada.events("user_left")).toHaveLength(1);
  expect(ada.events("user_away")).toEqual([]);
  expect(await (await service.get(`/api/sessions/${sessionId}`)).json()).toMatchObject({
    state: "ended",
    verdict: { cause: "heard" },
    evidence: { socket: "open", closeCode: null },
    end: { reason: "kicked" },
  });
});

test("when the socket last answered is shown beside what the page said", async () => {
  const service = await startService({ SOCKET_PING_INTERVAL_MS: "1000" });
  const ada = await service.join("ada", "daily");
  const look = async () => (await (await service.get(`/api/sessions/${ada.hello.sessionId}`)).json()) as SessionView;
  await expect.poll(async () => (await look()).evidence.lastPongAt).not.toBeNull();
  const { evidence } = await look();
  expect(evidence.lastPongAt).toBeGreaterThan(evidence.lastSeenAt);
  ada.reset();
  await expect.poll(async () => (await look()).evidence.socket).toBe("closed");
  const after = (await look()).evidence;
  expect(after.closeCode).toBe(1006);
  expect(after.lastPongAt).not.toBeNull();
  // Told by two clocks, so that it may be a millisecond off.
  expect(Math.abs(after.lastSeenAt - evidence.lastSeenAt)).toBeLessThanOrEqual(1);
});

test("a DELETE with the content type of JSON and no body is taken, as many HTTP clients send it; a POST without one is not", async () => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  const headers = { "content-type": "application/json" };
  const kick = await service.get(`/api/sessions/${ada.hello.sessionId}`, { method: "DELETE", headers });
  expect(kick.status).toBe(204);
  expect((await service.get("/api/cleanup", { method: "POST", headers })).status).toBe(400);
  const poisoned = { method: "POST", headers, body: '{"__proto__":{}}' };
  expect((await service.get("/api/cleanup", poisoned)).status).toBe(400);
});

test("a session in no room is kicked silently, a detached one as well", async () => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  const idle = await service.hello("idle");
  const lost = await service.join("lost", "daily");
  lost.reset();
  await ada.event("user_away");
  for (const { hello } of [idle, lost]) {
    expect((await service.get(`/api/sessions/${hello.sessionId}`, { method: "DELETE" })).status).toBe(204);
  }
  expect(await idle.closed()).toBe(4403);
  expect(await ada.event("user_left")).toMatchObject({ userId: "lost", reason: "kicked" });
  expect(ada.events("user_left")).toHaveLength(1);
});

test("the timeline tells what happened and why, also after the end", async () => {
  const service = await startService({ RESUME_GRACE_MS: "1500" });
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  bob.reset();
  await ada.event("user_left");
  const { sessionId } = bob.hello;
  const response = await service.get(`/api/sessions/${sessionId}/timeline`);
  expect(response.status).toBe(200);
  const { entries, ...rest } = (await response.json()) as { entries: { at: number; step: string; detail: object }[] };
  expect(rest).toEqual({ sessionId });
  expect(entries.map(({ step }) => step)).toEqual([
    "session opened",
    "joined room",
    "socket ended",
    "away",
    "ghost found",
    "left room",
    "session ended",
    "cleanup verified",
  ]);
  const details = Object.fromEntries(entries.map(({ step, detail }) => [step, detail]));
  expect(details["socket ended"]).toMatchObject({ closeCode: 1006, reason: "connection_lost", roomId: "daily" });
  expect(details["ghost found"]).toMatchObject({ reason: "connection_lost", evidence: { socket: "connection_lost" } });
  expect(details["left room"]).toMatchObject({ reason: "disconnected", cause: "connection_lost" });
  const times = entries.map(({ at }) => at);
  expect(times).toEqual(times.toSorted((a, b) => a - b));
  expect(JSON.stringify(entries)).not.toContain(bob.hello.resumeToken);
});

test("of a session that never was there is no timeline", async () => {
  const service = await startService();
  for (const id of ["nobody", "__proto__", "constructor"]) {
    const response = await service.get(`/api/sessions/${id}/timeline`);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: "not_found" } });
  }
});
