import { expect, test } from "vitest";
import { until } from "../../support/until.js";
import { startService } from "../../support/service.js";

test("hello, join, heartbeat with the roster version, leave", async () => {
  const service = await startService();
  const ada = await service.hello("ada");
  expect(ada.hello).toMatchObject({
    epoch: 1,
    resumed: false,
    user: { id: "ada", name: "ADA" },
    room: null,
    call: null,
    heartbeat: { intervalMs: 30_000, idleTimeoutMs: 120_000, sweepIntervalMs: 30_000, resumeGraceMs: 20_000 },
  });
  ada.sendRaw('{"type":"ping"}');
  expect(await ada.frame((frame) => frame.type === "pong")).toEqual({ type: "pong" });

  const joined = await ada.request("join", { roomId: "daily", metadata: { hand: true } });
  expect(joined).toMatchObject({
    transferred: false,
    sessionId: ada.hello.sessionId,
    epoch: 1,
    resumeToken: ada.hello.resumeToken,
    room: {
      id: "daily",
      version: 1,
      participants: [{ userId: "ada", name: "ADA", state: "present", metadata: { hand: true }, producers: [] }],
    },
  });

  const bob = await service.join("bob", "daily");
  const event = await ada.event("user_joined");
  expect(event).toMatchObject({ roomId: "daily", version: 2, participant: { userId: "bob" } });
  ada.sendRaw('{"type":"ping"}');
  expect(await ada.frame((frame) => frame.type === "pong" && frame.v !== undefined)).toEqual({ type: "pong", v: 2 });

  await bob.request("setMetadata", { metadata: { mood: "fine" } });
  expect(await ada.event("metadata_changed")).toMatchObject({ version: 3, userId: "bob", metadata: { mood: "fine" } });

  await bob.request("leave");
  expect(await ada.event("user_left")).toMatchObject({
    version: 4,
    userId: "bob",
    name: "BOB",
    reason: "left",
    participants: ["ada"],
  });
  expect((await ada.request("getRoom")).room).toMatchObject({ version: 4, participants: [{ userId: "ada" }] });
});

test("beforeDisconnect ends the session at once, tells the others and closes with 1000", async () => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  await bob.request("beforeDisconnect", {});
  expect(await ada.event("user_left")).toMatchObject({ userId: "bob", reason: "left", participants: ["ada"] });
  expect(await bob.closed()).toBe(1000);
  expect(service.app.registry.size).toBe(1);
});

test("a socket that is destroyed and resumed in time is the same session, and the others hear of no leaving", async () => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  bob.reset();
  expect(await ada.event("user_away")).toMatchObject({ userId: "bob", reason: "connection_lost" });
  const { sessionId, resumeToken } = bob.hello;
  const again = await service.hello("bob", { resume: { sessionId, resumeToken } });
  expect(again.hello).toMatchObject({ sessionId, epoch: 2, resumed: true, room: { id: "daily" } });
  expect(again.hello.resumeToken).not.toBe(resumeToken);
  expect(await ada.event("user_back")).toMatchObject({ userId: "bob" });
  expect(ada.events("user_left")).toEqual([]);
});

test("a quick reload stays silent", async () => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  bob.close(1001);
  await bob.closed();
  const { sessionId, resumeToken } = bob.hello;
  await service.hello("bob", { resume: { sessionId, resumeToken } });
  await ada.request("setMetadata", { metadata: {} });
  expect(ada.events("user_away")).toEqual([]);
  expect(ada.events("user_left")).toEqual([]);
});

const ENDS: [what: string, how: number | "kill" | "reset", env: Record<string, string>, cause: string][] = [
  ["closed by the page", 1001, { RELOAD_GRACE_MS: "1500", RESUME_GRACE_MS: "60000" }, "page_closed"],
  ["closed without a code", 1000, { RELOAD_GRACE_MS: "1500", RESUME_GRACE_MS: "60000" }, "page_closed"],
  ["killed", "kill", { RELOAD_GRACE_MS: "1500", RESUME_GRACE_MS: "60000" }, "page_closed"],
  ["reset", "reset", { RELOAD_GRACE_MS: "100", RESUME_GRACE_MS: "1500" }, "connection_lost"],
];

test.each(ENDS)("a socket that is %s and never resumed leaves the room", async (_what, code, env, cause) => {
  const service = await startService(env);
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  if (typeof code === "number") bob.close(code);
  else bob[code]();
  expect(await ada.event("user_away")).toMatchObject({ userId: "bob", reason: cause });
  const left = await ada.event("user_left");
  expect(left).toMatchObject({ userId: "bob", reason: "disconnected", participants: ["ada"] });
  expect(service.app.registry.find(bob.hello.sessionId)).toBeUndefined();
  expect(service.log.find(({ msg }) => msg === "ghost found")).toMatchObject({
    userId: "bob",
    roomId: "daily",
    sessionId: bob.hello.sessionId,
    reason: cause,
  });
});

test("a client that stops pinging while its socket answers is away, then gone by the sweep as idle", async () => {
  const service = await startService({
    HEARTBEAT_INTERVAL_MS: "300",
    AWAY_AFTER_MS: "600",
    IDLE_TIMEOUT_MS: "1500",
    SWEEP_INTERVAL_MS: "500",
    SOCKET_PING_INTERVAL_MS: "200",
  });
  const ada = await service.join("ada", "daily");
  const beat = setInterval(() => ada.sendRaw('{"type":"ping"}'), 300);
  const bob = await service.join("bob", "daily");
  expect(await ada.event("user_away")).toMatchObject({ userId: "bob", reason: "silent" });
  await bob.frame((frame) => frame.type === "probe", "a probe");
  expect(await ada.event("user_left")).toMatchObject({ userId: "bob", reason: "idle" });
  expect(await bob.closed()).toBe(4410);
  clearInterval(beat);
  expect(ada.closeCode).toBeUndefined();
});

const QUICKLY_AWAY = { HEARTBEAT_INTERVAL_MS: "300", AWAY_AFTER_MS: "600", IDLE_TIMEOUT_MS: "60000" };

test("a client that only answers when it is asked is never shown as away", async () => {
  const service = await startService({ ...QUICKLY_AWAY, AWAY_AFTER_MS: "3000" });
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  for (let probes = 1; probes <= 3; probes += 1) {
    ada.sendRaw('{"type":"ping"}');
    await until(() => bob.frames.filter(({ type }) => type === "probe").length === probes);
    bob.sendRaw('{"type":"ping"}');
  }
  expect(ada.events("user_away").filter(({ userId }) => userId === "bob")).toEqual([]);
});

test("a client that answers after it was shown as away is back", async () => {
  const service = await startService(QUICKLY_AWAY);
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  await ada.event("user_away", ({ userId }) => userId === "bob");
  await bob.frame(({ type }) => type === "probe", "a probe");
  bob.sendRaw('{"type":"ping"}');
  expect(await ada.event("user_back", ({ userId }) => userId === "bob")).toMatchObject({ reason: "heard" });
});
