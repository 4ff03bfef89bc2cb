import { expect, test } from "vitest";
import { needsMedia, noMediaReason } from "../../support/media-worker.js";
import { startService } from "../../support/service.js";
import { until } from "../../support/until.js";

test("a second tab takes the session over, and another person sees one participant all the time", async () => {
  const service = await startService();
  const eve = await service.join("eve", "daily");
  const first = await service.join("ada", "daily");
  await eve.event("user_joined");
  const second = await service.hello("ada", { tabId: "second" });
  const joined = await second.request("join", { roomId: "daily" });
  expect(joined).toMatchObject({
    transferred: true,
    sessionId: first.hello.sessionId,
    epoch: 2,
    room: { version: 2, participants: [{ userId: "eve" }, { userId: "ada", sessionId: first.hello.sessionId }] },
  });
  expect(joined.resumeToken).not.toBe(first.hello.resumeToken);
  expect(await first.event("session_transferred")).toMatchObject({ roomId: "daily", tabId: "second" });
  expect(await first.closed()).toBe(4409);
  expect(service.app.registry.find(second.hello.sessionId)).toBeUndefined();
  expect(service.app.registry.size).toBe(2);

  expect((await eve.request("getRoom")).room).toMatchObject({ version: 2, participants: [{}, { userId: "ada" }] });
  expect(eve.events("user_left")).toEqual([]);
  expect(eve.events("user_away")).toEqual([]);
  expect(eve.events("user_joined")).toHaveLength(1);
});

test("the tab that took over resumes with its new token, and the service refuses the old tab's token", async () => {
  const service = await startService();
  const first = await service.join("ada", "daily");
  const second = await service.hello("ada", { tabId: "second" });
  const { sessionId, resumeToken } = await second.request("join", { roomId: "daily" });
  second.reset();
  const stranger = await service.connect();
  const refused = await stranger.ask("hello", {
    user: { id: "ada" },
    tabId: "first",
    resume: { sessionId, resumeToken: first.hello.resumeToken },
  });
  expect(refused).toMatchObject({ ok: false, error: { code: "session_gone" } });
  const again = await service.hello("ada", { resume: { sessionId, resumeToken } });
  expect(again.hello).toMatchObject({ sessionId, resumed: true, epoch: 3, room: { id: "daily" } });
});

test("closing the old tab never ends the call", async () => {
  const service = await startService({ RELOAD_GRACE_MS: "200", RESUME_GRACE_MS: "200" });
  const first = await service.join("ada", "daily");
  const second = await service.hello("ada", { tabId: "second" });
  await second.request("join", { roomId: "daily" });
  first.close(1001);
  await first.closed();
  const eve = await service.join("eve", "daily");
  await until(() => service.app.gateway.connectionCount === 2);
  await service.app.sweeper.sweep({ force: true });
  expect((await eve.request("getRoom")).room.participants).toHaveLength(2);
});

test("policy reject: the service refuses the second tab with a clear answer, and the first keeps its place", async () => {
  const service = await startService({ MULTI_TAB_POLICY: "reject" });
  const first = await service.join("ada", "daily");
  const second = await service.hello("ada", { tabId: "second" });
  expect(await second.ask("join", { roomId: "daily", onDuplicate: "transfer" })).toMatchObject({
    ok: false,
    error: { code: "duplicate_session" },
  });
  expect((await first.request("getRoom")).room.participants).toHaveLength(1);
});

test("policy reject: a session that is away is taken over, and the new tab's own session is refused again while it is present", async () => {
  const service = await startService({ MULTI_TAB_POLICY: "reject" });
  const first = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  first.close(1001);
  await bob.event("user_away");
  const second = await service.hello("ada", { tabId: "second" });
  const { sessionId } = first.hello;
  expect(await second.request("join", { roomId: "daily" })).toMatchObject({ transferred: true, sessionId });
  const third = await service.hello("ada", { tabId: "third" });
  expect(await third.ask("join", { roomId: "daily" })).toMatchObject({ error: { code: "duplicate_session" } });
});

test("a client may ask for a stricter policy than the service's, but not for a weaker one", async () => {
  const service = await startService();
  await service.join("ada", "daily");
  const second = await service.hello("ada", { tabId: "second" });
  expect(await second.ask("join", { roomId: "daily", onDuplicate: "reject" })).toMatchObject({
    ok: false,
    error: { code: "duplicate_session" },
  });
  expect(await second.request("join", { roomId: "daily", onDuplicate: "allow" })).toMatchObject({ transferred: true });
});

test("policy allow: both tabs are participants", async () => {
  const service = await startService({ MULTI_TAB_POLICY: "allow" });
  const first = await service.join("ada", "daily");
  const second = await service.hello("ada", { tabId: "second" });
  const joined = await second.request("join", { roomId: "daily" });
  expect(joined).toMatchObject({ transferred: false, sessionId: second.hello.sessionId });
  expect(joined.room.participants.map(({ userId }) => userId)).toEqual(["ada", "ada"]);
  await second.request("leave");
  expect(await first.event("user_left")).toMatchObject({ userId: "ada", participants: ["ada"] });
});

test("the service refuses further transfers after thirty within a minute", async () => {
  const service = await startService();
  let owner = await service.join("ada", "daily");
  for (let move = 0; move < 30; move++) {
    const next = await service.hello("ada", { tabId: `tab-${move}` });
    expect(await next.ask("join", { roomId: "daily" })).toMatchObject({ ok: true });
    owner = next;
  }
  const next = await service.hello("ada", { tabId: "one-too-many" });
  expect(await next.ask("join", { roomId: "daily" })).toMatchObject({ ok: false, error: { code: "rate_limited" } });
  expect(owner.closeCode).toBeUndefined();
  expect((await owner.request("getRoom")).room.participants).toHaveLength(1);
});

test.skipIf(noMediaReason)(
  needsMedia("what is in flight from the old tab is undone: no transport of it stays in the worker"),
  async () => {
    const service = await startService({ SFU_WORKERS: "1" });
    const first = await service.join("ada", "daily");
    await first.request("createTransport", { direction: "send" });
    const second = await service.hello("ada", { tabId: "second" });
    first.send({ id: "late-1", type: "createTransport", data: { direction: "send" } });
    first.send({ id: "late-2", type: "createTransport", data: { direction: "recv" } });
    await second.request("join", { roomId: "daily" });
    await first.closed();
    await second.request("createTransport", { direction: "send" });
    await until(() => service.app.media.counts().transport === 1);
    const { participants } = (await (await service.get("/api/rooms/daily")).json()) as {
      participants: { media: object }[];
    };
    expect(participants.map(({ media }) => media)).toEqual([{ transports: 1, producers: 0, consumers: 0 }]);
  },
);
