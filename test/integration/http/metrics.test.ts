import { spawnSync } from "node:child_process";
import { expect, onTestFinished, test, vi } from "vitest";
import { systemClock } from "../../../src/kernel/clock.js";
import type { MediaLeftovers } from "../../../src/ports/media-plane.js";
import { startService, type TestService } from "../../support/service.js";
import { Scrape } from "./exposition.js";

const promtoolMissing = spawnSync("promtool", ["--version"]).status === 0 ? undefined : "promtool is not installed";

const NAMES = [
  "admin_guesses_total",
  "agents",
  "agents_lost_total",
  "audience",
  "away_detection_seconds",
  "blocks",
  "build_info",
  "calls",
  "calls_finished_total",
  "cleanup_duration_seconds",
  "cleanup_retries_total",
  "cleanups_total",
  "connections",
  "event_loop_lag_seconds",
  "false_aways_total",
  "false_evictions_total",
  "ghost_detection_seconds",
  "ghost_oldest_age_seconds",
  "ghost_sessions",
  "heartbeat_gap_seconds",
  "heartbeats_total",
  "holds_total",
  "http_rejected_total",
  "jwks_fetches_total",
  "media_foreign",
  "media_objects",
  "media_orphans",
  "media_orphans_closed_total",
  "media_unseen",
  "media_worker_deaths_total",
  "media_workers",
  "messages_received_total",
  "messages_rejected_total",
  "node_messages_total",
  "nodes",
  "nodes_seen",
  "nodes_wrong_address",
  "participants",
  "probe_interval_seconds",
  "probes_total",
  "redis_errors_total",
  "redis_evicts",
  "redis_failures_total",
  "redis_lost_keys_total",
  "redis_up",
  "refused_total",
  "rooms",
  "sessions",
  "sessions_closed_total",
  "sessions_opened_total",
  "sessions_rebalanced_total",
  "sessions_resumed_total",
  "sessions_transferred_total",
  "socket_closes_total",
  "stuck_sessions",
  "sweep_duration_seconds",
  "sweep_last_success_timestamp_seconds",
  "sweep_stall_credit_seconds_total",
  "sweeps_total",
  "takeovers_total",
  "unread_bytes",
  "watched_sessions",
  "webhook_deliveries_total",
  "webhook_events_dropped_total",
  "webhook_queue_length",
];

test(`promtool has nothing to complain about${promtoolMissing ? ` (skipped: ${promtoolMissing})` : ""}`, async (context) => {
  if (promtoolMissing !== undefined) context.skip(promtoolMissing);
  const service = await startService();
  const ada = await service.join("ada", "daily");
  ada.sendRaw('{"type":"ping"}');
  await ada.request("beforeDisconnect", {});
  const { text } = await Scrape.of(service);
  const { stdout, stderr, status } = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
  expect(`${stdout}${stderr}`).toBe("");
  expect(status).toBe(0);
});

test("metrics have the names and labels of the contract, none of a person, and the process's own beside them", async () => {
  const service = await startService();
  await service.join("ada", "a-room-of-its-own");
  const scrape = await Scrape.of(service);
  expect(scrape.names.toSorted()).toEqual(NAMES);
  expect([...scrape.labelNames].toSorted()).toEqual([
    "cause",
    "code",
    "key",
    "kind",
    "le",
    "node",
    "node_version",
    "operation",
    "outcome",
    "pass",
    "reason",
    "result",
    "setting",
    "state",
    "version",
    "why",
  ]);
  expect(scrape.text).not.toMatch(/ada|a-room-of-its-own/);
  for (const name of ["process_cpu_seconds_total", "process_resident_memory_bytes", "nodejs_eventloop_lag_seconds"]) {
    expect(scrape.text).toContain(`\n${name} `);
  }
});

test("every value of every label is there from the start, at zero", async () => {
  const service = await startService();
  const scrape = await Scrape.of(service);
  const values = {
    'sessions{state="?"}': ["present", "away", "ghost", "closing"],
    'sessions_closed_total{reason="?"}': [
      "left",
      "disconnected",
      "idle",
      "kicked",
      "room_closed",
      "node_lost",
      "expired_token",
      "shutdown",
    ],
    'sessions_resumed_total{result="?"}': ["resumed", "refused"],
    'sessions_transferred_total{result="?"}': ["transferred", "refused"],
    'sweeps_total{result="?"}': ["completed", "held"],
    'holds_total{pass="?"}': ["watch", "sweep"],
    'cleanups_total{result="?"}': ["clean", "retried", "unseen", "stuck"],
    'agents{state="?"}': ["connected", "away"],
    'media_objects{kind="?"}': ["router", "transport", "producer", "consumer"],
    'media_orphans{kind="?"}': ["router", "transport", "producer", "consumer"],
    'media_orphans_closed_total{kind="?"}': ["router", "transport", "producer", "consumer"],
    'messages_rejected_total{code="?"}': [
      ..."bad_message unauthorized forbidden not_joined already_joined duplicate_session room_full".split(" "),
      ..."session_gone fenced not_found rate_limited media_unavailable redirect overloaded internal".split(" "),
      ..."callee_busy callee_offline caller_busy call_gone".split(" "),
    ],
    'socket_closes_total{code="?"}': "1000 1001 1005 1006 1009 1012 1013 4400 4401 4403 4408 4409 4410 4429".split(" "),
    'ghost_detection_seconds_count{cause="?"}': ["silent", "goodbye", "page_closed", "connection_lost", "page_stopped"],
  };
  for (const [pattern, all] of Object.entries(values)) {
    for (const value of all) {
      const name = pattern.replace("?", value);
      expect(scrape.value(name), name).toBe(0);
    }
  }
});

interface Truth {
  present: number;
  away: number;
  ghost: number;
  closing: number;
  connections: number;
  rooms: number;
  participants: number;
}

async function expectGauges(service: TestService, truth: Truth): Promise<void> {
  const scrape = await Scrape.of(service);
  const states = ["present", "away", "ghost", "closing"] as const;
  const shown = Object.fromEntries(states.map((state) => [state, scrape.value(`sessions{state="${state}"}`)]));
  const others = ["connections", "rooms", "participants"].map((name) => [name, scrape.value(name)]);
  expect({ ...shown, ...Object.fromEntries(others) }).toEqual(truth);
  expect(scrape.value("ghost_sessions")).toBe(truth.ghost);
  const health = (await (await service.get("/api/health")).json()) as {
    ghosts: number;
    sessions: number;
    rooms: number;
  };
  expect(health).toMatchObject({
    ghosts: truth.ghost,
    rooms: truth.rooms,
    sessions: truth.present + truth.away + truth.ghost,
  });
}

test("gauges equal the truth at every step of a life: connected, opened, joined, away, ghost, closing, gone", async () => {
  const service = await startService({
    HEARTBEAT_INTERVAL_MS: "300",
    AWAY_AFTER_MS: "2000",
    IDLE_TIMEOUT_MS: "5000",
    SWEEP_INTERVAL_MS: "600000",
  });
  const truth: Truth = { present: 0, away: 0, ghost: 0, closing: 0, connections: 0, rooms: 0, participants: 0 };
  await expectGauges(service, truth);
  const ada = await service.connect();
  await expectGauges(service, { ...truth, connections: 1 });
  await ada.request("hello", { user: { id: "ada" }, tabId: "t" });
  await expectGauges(service, { ...truth, connections: 1, present: 1 });
  const beat = setInterval(() => ada.sendRaw('{"type":"ping"}'), 200);
  await ada.request("join", { roomId: "daily" });
  await expectGauges(service, { ...truth, connections: 1, present: 1, rooms: 1, participants: 1 });
  const bob = await service.join("bob", "daily");
  const both = { ...truth, connections: 2, present: 2, rooms: 1, participants: 2 };
  await expectGauges(service, both);

  await ada.event("user_away");
  await expectGauges(service, { ...both, present: 1, away: 1 });
  await expect.poll(async () => (await Scrape.of(service)).value("ghost_sessions")).toBe(1);
  await expectGauges(service, { ...both, present: 1, ghost: 1 });
  expect((await Scrape.of(service)).value("ghost_oldest_age_seconds")).toBeGreaterThan(0);

  // The worker takes its time to say that the ghost's media is gone.
  let answer: (left: MediaLeftovers) => void = () => {};
  const media = service.app.registry.find(bob.hello.sessionId)?.participation?.media;
  if (!media) throw new Error("bob is in no room");
  vi.spyOn(media, "verifyClosed").mockImplementation(() => new Promise((resolve) => (answer = resolve)));
  const cleanup = service.get("/api/cleanup", { method: "POST" });
  await ada.event("user_left");
  expect(await bob.closed()).toBe(4410);
  const alone = { ...truth, connections: 1, present: 1, rooms: 1, participants: 1 };
  await expect.poll(() => service.app.gateway.connectionCount).toBe(1);
  await expectGauges(service, { ...alone, closing: 1 });
  answer({ transports: [], producers: [], consumers: [] });
  await cleanup;
  await expectGauges(service, alone);

  clearInterval(beat);
  await ada.request("leave");
  await expectGauges(service, { ...truth, connections: 1, present: 1 });
  await ada.request("beforeDisconnect", {});
  await ada.closed();
  await expect.poll(() => service.app.gateway.connectionCount).toBe(0);
  await expectGauges(service, truth);
});

test("a cleanup that cannot be finished is counted as stuck until it can, and the reaper's attempts are counted", async () => {
  const service = await startService();
  const bob = await service.join("bob", "daily");
  const media = service.app.registry.find(bob.hello.sessionId)?.participation?.media;
  if (!media) throw new Error("bob is in no room");
  // The pauses between the attempts are the reaper's own; here they only have to be pauses.
  const realAfter = systemClock.after.bind(systemClock);
  const timers = vi.spyOn(systemClock, "after");
  timers.mockImplementation((ms, run) => realAfter([1_000, 2_000, 4_000].includes(ms) ? 20 : ms, run));
  onTestFinished(() => timers.mockRestore());
  const verify = vi.spyOn(media, "verifyClosed").mockRejectedValue(new Error("the worker does not answer"));
  await bob.request("beforeDisconnect", {});
  const stuck = async () => (await Scrape.of(service)).value("stuck_sessions");
  await expect.poll(stuck).toBe(1);
  const scrape = await Scrape.of(service);
  expect(scrape.value("cleanup_retries_total")).toBe(3);
  expect(scrape.value('cleanups_total{result="stuck"}')).toBe(1);
  expect(scrape.value('sessions{state="closing"}')).toBe(1);
  verify.mockRestore();
  const report = await (await service.get("/api/cleanup", { method: "POST" })).json();
  expect(report).toMatchObject({ sweep: { stuckRetried: 1 } });
  const after = await Scrape.of(service);
  expect(after.value("stuck_sessions")).toBe(0);
  expect(after.value('sessions{state="closing"}')).toBe(0);
});

test("counters count what happened: openings, ends by reason, resumes, heartbeats, refusals, closes by code", async () => {
  const service = await startService({ RESUME_GRACE_MS: "4000" });
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  const cid = await service.join("cid", "daily");
  for (let n = 0; n < 3; n += 1) ada.sendRaw('{"type":"ping"}');
  await ada.ask("join", { roomId: "x" });
  await ada.ask("createTransport", { direction: "send" });
  const { sessionId, resumeToken } = bob.hello;
  bob.reset();
  await bob.closed();
  const back = await service.hello("bob", { resume: { sessionId, resumeToken } });
  const thief = await service.connect();
  await thief.ask("hello", { user: { id: "bob" }, tabId: "t", resume: { sessionId, resumeToken } });
  thief.sendRaw("garbage");
  await thief.closed();
  await back.request("beforeDisconnect", {});
  await back.closed();
  cid.socket.close(4777);
  await ada.event("user_left", ({ userId }) => userId === "cid");
  await service.get(`/api/sessions/${ada.hello.sessionId}`, { method: "DELETE" });
  await ada.closed();
  await expect.poll(() => service.app.gateway.connectionCount).toBe(0);

  const scrape = await Scrape.of(service);
  const expected = {
    sessions_opened_total: 3,
    'sessions_closed_total{reason="left"}': 1,
    'sessions_closed_total{reason="kicked"}': 1,
    'sessions_closed_total{reason="disconnected"}': 1,
    'sessions_closed_total{reason="idle"}': 0,
    'sessions_resumed_total{result="resumed"}': 1,
    'sessions_resumed_total{result="refused"}': 1,
    heartbeats_total: 3,
    heartbeat_gap_seconds_count: 3,
    'messages_rejected_total{code="already_joined"}': 1,
    'messages_rejected_total{code="media_unavailable"}': 1,
    'messages_rejected_total{code="session_gone"}': 1,
    'messages_rejected_total{code="bad_message"}': 1,
    'messages_rejected_total{code="internal"}': 0,
    'socket_closes_total{code="1006"}': 1,
    'socket_closes_total{code="4400"}': 1,
    'socket_closes_total{code="1000"}': 1,
    'socket_closes_total{code="4403"}': 1,
    'socket_closes_total{code="1005"}': 1,
    'ghost_detection_seconds_count{cause="connection_lost"}': 1,
    'cleanups_total{result="clean"}': 3,
  };
  const actual = Object.fromEntries(Object.keys(expected).map((name) => [name, scrape.value(name)]));
  expect(actual).toEqual(expected);
  // Sent: three hellos and three joins, three pings, two refused requests, two resumes, garbage, a goodbye.
  expect(scrape.value("messages_received_total")).toBe(15);
});

test("close codes that clients make up do not become labels without end", async () => {
  const service = await startService();
  for (const code of [3000, 3333, 4000, 4777, 4999]) {
    const client = await service.connect();
    client.socket.close(code);
    await client.closed();
  }
  await expect.poll(() => service.app.gateway.connectionCount).toBe(0);
  const scrape = await Scrape.of(service);
  expect(scrape.value('socket_closes_total{code="1005"}')).toBe(5);
  expect(scrape.text.match(/^lastseen_socket_closes_total\{/gm)).toHaveLength(14);
});

test("a frame that was too large is counted as 1009, though the client does not answer", async () => {
  const service = await startService();
  const client = await service.connect();
  client.sendRaw("x".repeat(70_000));
  expect(await client.closed()).toBe(1009);
  const closes = async () => (await Scrape.of(service)).value('socket_closes_total{code="1009"}');
  await expect.poll(closes).toBe(1);
});

test("a client that comes back within a heartbeat of being reaped as idle is counted as a false eviction", async () => {
  const service = await startService({
    HEARTBEAT_INTERVAL_MS: "2900",
    AWAY_AFTER_MS: "300",
    IDLE_TIMEOUT_MS: "3000",
    SWEEP_INTERVAL_MS: "200",
  });
  const bob = await service.join("bob", "daily");
  expect(await bob.closed()).toBe(4410);
  const { sessionId, resumeToken } = bob.hello;
  const back = await service.connect();
  await back.ask("hello", { user: { id: "bob" }, tabId: "t", resume: { sessionId, resumeToken } });
  const scrape = await Scrape.of(service);
  expect(scrape.value("false_evictions_total")).toBe(1);
  expect(scrape.value('sessions_closed_total{reason="idle"}')).toBe(1);
  expect(scrape.value('sweeps_total{result="completed"}')).toBeGreaterThan(0);
  const lastSweep = scrape.value("sweep_last_success_timestamp_seconds") ?? 0;
  expect(Math.abs(lastSweep - Date.now() / 1000)).toBeLessThan(5);
});
