import { expect, test } from "vitest";
import { startService, type TestService } from "../../support/service.js";
import type { TestClient } from "../../support/test-client.js";

const QUICK = { WATCHED_PING_INTERVAL_MS: "300", PROBE_INTERVAL_MS: "60000" };

interface Ticket {
  sessionId: string;
  resumeToken: string;
}

function ticketOf({ sessionId, resumeToken }: Ticket): Ticket {
  return { sessionId, resumeToken };
}

async function evidenceOf(service: TestService, { hello }: { hello: { sessionId: string } }): Promise<object> {
  const view = (await (await service.get(`/api/sessions/${hello.sessionId}`)).json()) as { evidence: object };
  return view.evidence;
}

function beacon(service: TestService, path: "leave" | "hold", { hello }: { hello: Ticket }): Promise<Response> {
  return service.get(`/api/sessions/${path}`, {
    method: "POST",
    headers: { "content-type": "text/plain" },
    body: JSON.stringify(ticketOf(hello)),
  });
}

test("a watched client that answers no ping is away, and it is back on the same socket when it answers", async () => {
  const service = await startService(QUICK);
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  bob.cut();
  expect(await ada.event("user_away")).toMatchObject({ userId: "bob", reason: "connection_lost" });
  expect(await evidenceOf(service, bob)).toMatchObject({ socket: "open", socketSilentAt: expect.any(Number) });
  bob.mend();
  expect(await ada.event("user_back")).toMatchObject({ userId: "bob" });
  expect(await bob.request("getRoom")).toMatchObject({ room: { participants: [{}, {}] } });
  expect(await evidenceOf(service, bob)).toMatchObject({ socketSilentAt: null });
  expect(bob.hello.epoch).toBe(1);
});

test("a watched client that answers no ping for the whole grace is gone", async () => {
  const service = await startService({ ...QUICK, RESUME_GRACE_MS: "1500" });
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  bob.cut();
  await ada.event("user_away");
  const awayAt = performance.now();
  expect(await ada.event("user_left")).toMatchObject({ userId: "bob", reason: "disconnected" });
  expect(performance.now() - awayAt).toBeGreaterThan(1_300);
});

test("a client whose answer to its resume was lost with a silent socket resumes with the token that it has", async () => {
  const service = await startService(QUICK);
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  const { sessionId, resumeToken } = bob.hello;
  bob.reset();
  const second = await service.hello("bob", { resume: { sessionId, resumeToken } });
  second.cut();
  await ada.event("user_away", ({ reason }) => reason === "connection_lost");
  const third = await service.hello("bob", { resume: { sessionId, resumeToken } });
  expect(third.hello).toMatchObject({ sessionId, resumed: true, epoch: 3 });
  second.mend();
  expect(await second.closed()).toBe(4409);
});

test("nobody watches somebody who is alone: the pings come at the longer interval", async () => {
  const service = await startService({ WATCHED_PING_INTERVAL_MS: "100", SOCKET_PING_INTERVAL_MS: "60000" });
  const ada = await service.join("ada", "daily");
  let pings = 0;
  ada.socket.on("ping", () => (pings += 1));
  await service.join("bob", "other");
  expect(pings).toBe(0);
  await service.join("cleo", "daily");
  await expect.poll(() => pings).toBeGreaterThan(2);
  expect(await scrape(service)).toMatch(/^lastseen_watched_sessions 2$/m);
});

test("a watched client that says that it is alive is neither pinged nor probed nor answered, and never away", async () => {
  const service = await startService({ WATCHED_PING_INTERVAL_MS: "600", PROBE_INTERVAL_MS: "1000" });
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  expect(bob.hello).toMatchObject({ heartbeat: { watchedIntervalMs: 700, aliveIntervalMs: 700 } });
  let pings = 0;
  bob.socket.on("ping", () => (pings += 1));
  const talking = setInterval(() => bob.send({ type: "alive" }), 100);
  try {
    await expect.poll(() => ada.frames.filter(({ type }) => type === "probe").length, { timeout: 10_000 }).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect([pings, bob.frames.filter(({ type }) => type === "probe" || type === "pong")]).toEqual([0, []]);
    expect(ada.events("user_away")).toEqual([]);
    expect(await bob.request("alive")).toEqual({});
  } finally {
    clearInterval(talking);
  }
});

test("a page that says it is being frozen is away after a second, and back with its next message", async () => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  bob.send({ type: "ping", data: { visibility: "frozen" } });
  expect(await ada.event("user_away")).toMatchObject({ userId: "bob", reason: "page_frozen" });
  bob.send({ type: "ping", data: { visibility: "visible" } });
  expect(await ada.event("user_back")).toMatchObject({ userId: "bob" });
});

test("a page that does not answer its probe is away, although its browser answers the pings", async () => {
  const service = await startService({ PROBE_INTERVAL_MS: "1000" });
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  const talking = setInterval(() => ada.send({ type: "ping" }), 300);
  try {
    await bob.frame(({ type }) => type === "probe");
    expect(await ada.event("user_away")).toMatchObject({ userId: "bob", reason: "silent" });
    expect(ada.frames.some(({ type }) => type === "probe")).toBe(false);
  } finally {
    clearInterval(talking);
  }
});

test("a reload that says that it is on its way gets the longer grace, and only then", async () => {
  const service = await startService({ RELOAD_GRACE_MS: "500", RESUME_GRACE_MS: "3000" });
  const ada = await service.join("ada", "daily");
  const [held, closed] = [await service.join("held", "daily"), await service.join("closed", "daily")];
  for (const page of [held, closed]) page.close(1001);
  expect((await beacon(service, "hold", held)).status).toBe(204);
  await ada.event("user_left", ({ userId }) => userId === "closed");
  const { sessionId, resumeToken } = held.hello;
  expect(await evidenceOf(service, held)).toMatchObject({ heldAt: expect.any(Number) });
  const back = await service.hello("held", { resume: { sessionId, resumeToken } });
  expect(back.hello).toMatchObject({ sessionId, resumed: true });
  expect(await evidenceOf(service, held)).toMatchObject({ heldAt: null });
  expect(ada.events("user_left").map(({ userId }) => userId)).toEqual(["closed"]);
});

test("a hold with a wrong token does nothing and is answered like any other", async () => {
  const service = await startService();
  const bob = await service.join("bob", "daily");
  const { sessionId } = bob.hello;
  expect((await beacon(service, "hold", { hello: { sessionId, resumeToken: "wrong" } })).status).toBe(204);
  expect(await evidenceOf(service, bob)).toMatchObject({ heldAt: null });
});

test("nine clients of one address that are killed at once are gone as closed pages are", async () => {
  const service = await startService({ RELOAD_GRACE_MS: "1000", RESUME_GRACE_MS: "60000" });
  const ada = await service.join("ada", "daily");
  const crowd = await joinAll(service, 9);
  for (const client of crowd) client.kill();
  await expect.poll(() => ada.events("user_left").length, { timeout: 10_000 }).toBe(9);
});

test("when most connections of one address end at once, a proxy has died, and its clients get the longer grace", async () => {
  const service = await startService({ RELOAD_GRACE_MS: "1000", RESUME_GRACE_MS: "3000" });
  const ada = await service.join("ada", "daily");
  const crowd = await joinAll(service, 12);
  for (const client of crowd) client.kill();
  await expect.poll(() => ada.events("user_away").length).toBe(12);
  expect(new Set(ada.events("user_away").map(({ reason }) => reason))).toEqual(new Set(["connection_lost"]));
  const back = await Promise.all(
    crowd.map(({ hello }, index) => service.hello(`user-${index}`, { resume: ticketOf(hello) })),
  );
  expect(back.every(({ hello }) => hello.resumed)).toBe(true);
  expect(ada.events("user_left")).toEqual([]);
});

test("a killed client that was one of a few gets no media of before when its page lives on", async () => {
  const service = await startService();
  const bob = await service.join("bob", "daily");
  bob.kill();
  const back = await service.hello("bob", { resume: ticketOf(bob.hello) });
  await back.request("getRoom");
  // Only a page that was loaded anew has lost its media.
  expect(back.events("media_reset")).toEqual([]);
});

test("the partner of a call is told at once that the other one is away", async () => {
  const service = await startService(QUICK);
  const ada = await service.hello("ada");
  const bob = await service.hello("bob");
  const { callId, roomId } = await ada.request("startCall", { to: "bob", kind: "audio" });
  await bob.event("incoming_call");
  await bob.request("acceptCall", { callId });
  await ada.request("join", { roomId });
  await bob.request("join", { roomId });
  bob.cut();
  expect(await ada.event("user_away")).toMatchObject({ roomId, userId: "bob", reason: "connection_lost" });
  expect(ada.events("call_ended")).toEqual([]);
});

test("the metrics tell how soon somebody was shown as away, what was asked, and that nobody was wronged", async () => {
  const service = await startService(QUICK);
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  bob.cut();
  await ada.event("user_away");
  bob.mend();
  await ada.event("user_back");
  const text = await scrape(service);
  expect(text).toMatch(/^lastseen_away_detection_seconds_count\{cause="connection_lost"\} 1$/m);
  expect(text).toMatch(/^lastseen_probes_total\{kind="socket",result="answered"\} [1-9]/m);
  expect(text).toMatch(/^lastseen_probes_total\{kind="socket",result="unanswered"\} [1-9]/m);
  expect(text).toMatch(/^lastseen_false_aways_total 0$/m);
  expect(text).toMatch(/^lastseen_probe_interval_seconds 0\.3$/m);
});

async function scrape(service: TestService): Promise<string> {
  return (await service.get("/metrics")).text();
}

async function joinAll(service: TestService, count: number): Promise<(TestClient & { hello: Ticket })[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => service.join(`user-${index}`, "daily")));
}
