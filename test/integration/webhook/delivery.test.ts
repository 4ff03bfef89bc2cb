import { expect, test } from "vitest";
import { startService, type TestService } from "../../support/service.js";
import { freePort } from "../../support/free-port.js";
import { until } from "../../support/until.js";
import { Scrape } from "../http/exposition.js";
import { isSigned, Receiver, SECRET } from "./receiver.js";

const kick = (service: TestService, sessionId: string) =>
  service.get(`/api/sessions/${sessionId}`, { method: "DELETE" });

test("the backend gets all events of a session, from beginning to end, in order, signed, each with its id", async () => {
  const receiver = await Receiver.start();
  const service = await startService({ ...receiver.settings, NODE_ID: "node-a" });
  const ada = await service.join("ada", "daily");
  await ada.request("leave");
  await ada.request("beforeDisconnect", {});
  await receiver.get("session_ended", "ada");

  const ofAda = receiver.taken.filter(({ userId }) => userId === "ada");
  expect(ofAda.map(({ type }) => type)).toEqual(["session_opened", "joined", "left", "session_ended"]);
  const { sessionId } = ada.hello;
  const common = { nodeId: "node-a", userId: "ada", name: "ADA", sessionId, epoch: 1 };
  expect(ofAda[1]).toMatchObject({ ...common, type: "joined", roomId: "daily" });
  expect(ofAda[2]).toMatchObject({ ...common, type: "left", roomId: "daily", reason: "left" });
  expect(ofAda[3]).toMatchObject({ ...common, type: "session_ended", roomId: null, reason: "left" });
  const sequences = ofAda.map(({ sequence }) => sequence);
  expect(sequences).toEqual([...new Set(sequences)].toSorted((a, b) => a - b));
  await receiver.get("room_closed");
  expect(receiver.taken.map(({ type }) => type)).toEqual(expect.arrayContaining(["node_started", "room_opened"]));
  for (const delivery of receiver.deliveries) {
    expect(isSigned(delivery)).toBe(true);
    expect(isSigned(delivery, "another-secret")).toBe(false);
    expect(delivery.headers["webhook-id"]).toBe(delivery.event.id);
    expect(delivery.headers["content-type"]).toBe("application/json");
    expect(Math.abs(Date.now() - delivery.event.at)).toBeLessThan(60_000);
  }
});

test("when a kicked user rejoins early, the old session's left event still comes before the new one's joined event", async () => {
  const receiver = await Receiver.start();
  let open: () => void = () => {};
  const gate = new Promise<void>((resolve) => (open = resolve));
  receiver.answer = async ({ event }) => (event.type === "left" ? (await gate, 204) : 204);
  const service = await startService(receiver.settings);
  const first = await service.join("ada", "daily");
  await kick(service, first.hello.sessionId);
  await service.join("ada", "daily");
  // Events of other users do not wait for hers.
  await service.join("bob", "daily");
  await receiver.get("joined", "bob");
  const lastOfAda = () => receiver.deliveries.filter(({ event }) => event.userId === "ada").at(-1)?.event.type;
  await until(() => lastOfAda() === "left");
  await service.join("cid", "daily");
  await receiver.get("joined", "cid");
  expect(lastOfAda()).toBe("left");
  open();
  await until(() => receiver.taken.filter(({ type, userId }) => type === "joined" && userId === "ada").length === 2);
  const order = receiver.taken
    .filter(({ type, userId }) => userId === "ada" && /^(joined|left)$/.test(type))
    .map(({ type, sessionId, reason }) => [type, sessionId === first.hello.sessionId, reason]);
  expect(order).toEqual([
    ["joined", true, undefined],
    ["left", true, "kicked"],
    ["joined", false, undefined],
  ]);
});

test("the events transferred, resumed, away and back have the epoch of the session", async () => {
  const receiver = await Receiver.start();
  const service = await startService({ ...receiver.settings, RESUME_GRACE_MS: "20000" });
  const first = await service.join("ada", "daily");
  const second = await service.hello("ada", { tabId: "second" });
  const moved = await second.request("join", { roomId: "daily" });
  second.reset();
  await receiver.get("away", "ada");
  const { sessionId, resumeToken } = moved;
  await service.hello("ada", { tabId: "second", resume: { sessionId, resumeToken } });
  await receiver.get("session_resumed", "ada");
  const ofSession = receiver.taken.filter((event) => event.sessionId === first.hello.sessionId);
  expect(ofSession.map(({ type, epoch }) => [type, epoch])).toEqual([
    ["session_opened", 1],
    ["joined", 1],
    ["transferred", 2],
    ["away", 2],
    ["back", 3],
    ["session_resumed", 3],
  ]);
  expect(ofSession[2]).toMatchObject({ fromTabId: "tab-ada", tabId: "second" });
  expect(ofSession[3]).toMatchObject({ cause: "connection_lost", roomId: "daily" });
  expect(ofSession[5]).toMatchObject({ replaced: false, mediaReset: null });
});

test("session_resumed says whether a connection was replaced, and why the media is made anew", async () => {
  const receiver = await Receiver.start();
  const service = await startService({ ...receiver.settings, RESUME_GRACE_MS: "20000", RELOAD_GRACE_MS: "20000" });
  const first = await service.join("ada", "daily");
  const { sessionId } = first.hello;
  const second = await service.hello("ada", { resume: { sessionId, resumeToken: first.hello.resumeToken } });
  await until(() => receiver.taken.filter(({ type }) => type === "session_resumed").length === 1);
  second.socket.close(1001);
  await receiver.get("away", "ada");
  await service.hello("ada", { resume: { sessionId, resumeToken: second.hello.resumeToken } });
  const resumed = () => receiver.taken.filter(({ type }) => type === "session_resumed");
  await until(() => resumed().length === 2);
  expect(resumed().map(({ replaced, mediaReset }) => [replaced, mediaReset])).toEqual([
    [true, null],
    [false, "page_reloaded"],
  ]);
});

test("the service repeats each event to a failing backend until the backend takes it, in order", async () => {
  const receiver = await Receiver.start();
  const seen = new Map<string, number>();
  receiver.answer = ({ event }) => {
    const attempt = (seen.get(event.id) ?? 0) + 1;
    seen.set(event.id, attempt);
    return event.type === "joined" && attempt === 1 ? 503 : 204;
  };
  const service = await startService(receiver.settings);
  const ada = await service.join("ada", "daily");
  await ada.request("leave");
  await receiver.get("left", "ada");
  const types = receiver.deliveries.filter(({ event }) => event.userId === "ada").map(({ event }) => event.type);
  expect(types.slice(0, 4)).toEqual(["session_opened", "joined", "joined", "left"]);
  await until(async () => (await Scrape.of(service)).value("webhook_queue_length") === 0);
  const scrape = await Scrape.of(service);
  expect(scrape.value('webhook_deliveries_total{result="failed"}')).toBe(1);
  expect(scrape.value('webhook_deliveries_total{result="delivered"}')).toBe(receiver.taken.length);
  expect(service.log.map(({ msg }) => msg)).toEqual(
    expect.arrayContaining(["webhooks fail; events wait", "webhooks arrive again"]),
  );
});

test("a backend that is down delays no client and gets all events when it is back, and the log has no secrets", async () => {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/hooks?token=url-secret`;
  const service = await startService({ WEBHOOK_URL: url, WEBHOOK_SECRET: SECRET, LOG_LEVEL: "trace" });
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  await kick(service, bob.hello.sessionId);
  await ada.event("user_left");
  const scrape = await Scrape.of(service);
  expect(scrape.value("webhook_queue_length")).toBeGreaterThan(5);
  await until(() => service.log.some(({ msg }) => msg === "webhooks fail; events wait"));
  const receiver = await Receiver.start(port);
  await receiver.get("session_ended", "bob");
  await until(async () => (await Scrape.of(service)).value("webhook_queue_length") === 0);
  const ids = receiver.taken.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  const page = (await (await service.get("/api/events?limit=1000")).json()) as { events: { id: string }[] };
  expect(page.events.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
  const lines = JSON.stringify(service.log);
  expect(lines).not.toContain(SECRET);
  expect(lines).not.toContain("url-secret");
  expect(lines).not.toMatch(/v1=[0-9a-f]{64}/);
});

test("a slow backend gets events of several people at the same time, but events of one person one by one", async () => {
  const receiver = await Receiver.start();
  const open: (() => void)[] = [];
  receiver.answer = ({ event }) =>
    new Promise((resolve) => (event.userId === null ? resolve(204) : open.push(() => resolve(204))));
  const service = await startService(receiver.settings);
  const names = Array.from({ length: 12 }, (_, n) => `user-${n}`);
  for (const name of names) await service.join(name, "daily");
  await until(() => open.length === 8);
  const users = receiver.deliveries.flatMap(({ event }) => event.userId ?? []);
  expect(new Set(users).size).toBe(8);
  receiver.answer = () => 204;
  for (const next of open) next();
  await until(() => receiver.taken.filter(({ type }) => type === "joined").length === names.length);
  expect(receiver.mostAtOnce).toBeLessThanOrEqual(8);
});

test("the service repeats an event that the backend refuses, logs it once, and delivers events of others meanwhile", async () => {
  const receiver = await Receiver.start();
  receiver.answer = ({ event }) => (event.userId === "ada" ? 422 : 204);
  const service = await startService(receiver.settings);
  await service.join("ada", "daily");
  await until(() => receiver.deliveries.filter(({ event }) => event.userId === "ada").length >= 2);
  await service.join("bob", "daily");
  await receiver.get("joined", "bob");
  const refusals = service.log.filter(({ msg }) => msg === "webhook refused");
  expect(refusals).toMatchObject([{ level: 40, type: "session_opened", userId: "ada", reason: "HTTP 422" }]);
  expect(receiver.deliveries.filter(({ event }) => event.userId === "ada" && event.type === "joined")).toEqual([]);
});

test("a service that stops still delivers the left events of all participants", async () => {
  const receiver = await Receiver.start();
  const service = await startService(receiver.settings);
  await service.join("ada", "daily");
  await service.join("bob", "daily");
  // A stopping service has two seconds for the events that the stop causes.
  await receiver.get("joined", "bob");
  await service.app.close();
  const ends = receiver.taken.filter(({ type }) => type === "session_ended");
  expect(ends.map(({ userId, reason }) => `${userId} ${reason}`).toSorted()).toEqual(["ada shutdown", "bob shutdown"]);
  expect(service.log.some(({ msg }) => msg === "webhooks were left at the end")).toBe(false);
});

test("a service that stops waits two seconds at most for a silent backend, and logs how many events are left", async () => {
  const receiver = await Receiver.start();
  receiver.answer = () => new Promise(() => {});
  const service = await startService(receiver.settings);
  await service.join("ada", "daily");
  await until(() => receiver.deliveries.length > 0);
  const began = performance.now();
  await service.app.close();
  // At other times an answer may take ten seconds.
  expect(performance.now() - began).toBeLessThan(8_000);
  const [line] = service.log.filter(({ msg }) => msg === "webhooks were left at the end");
  expect(line).toMatchObject({ level: 40, unlogged: 0 });
  expect(Number(line?.["logged"])).toBeGreaterThan(3);
});

test("a backend can read events again page by page, the answer tells a gap, and without a webhook there are none", async () => {
  const receiver = await Receiver.start();
  const service = await startService(receiver.settings);
  for (const name of ["ada", "bob", "cid"]) await service.join(name, "daily");
  await receiver.get("joined", "cid");
  type Page = { events: { id: string; type: string }[]; gap: boolean; next: string | null };
  const read = async (query: string) => (await (await service.get(`/api/events?${query}`)).json()) as Page;
  const whole = await read("limit=1000");
  const pages: string[] = [];
  let next: string | null = null;
  do {
    const page: Page = await read(`limit=3${next === null ? "" : `&after=${next}`}`);
    expect(page.gap).toBe(false);
    pages.push(...page.events.map(({ id }) => id));
    next = page.next;
  } while (next !== null);
  expect(pages).toEqual(whole.events.map(({ id }) => id));
  expect(new Set(pages).size).toBe(pages.length);
  expect(whole.events.filter(({ type }) => type === "joined")).toHaveLength(3);
  expect(await read("after=1-1")).toMatchObject({ gap: true, events: whole.events });
  for (const wrong of ["after=x", "after=1", "limit=0", "limit=1001"]) {
    expect((await service.get(`/api/events?${wrong}`)).status, wrong).toBe(400);
  }
  const silent = await startService();
  const nothing = await silent.get("/api/events");
  expect(nothing.status).toBe(404);
  expect(await nothing.json()).toMatchObject({
    error: { code: "not_found", message: "Without WEBHOOK_URL no events are kept." },
  });
});

test("the backend gets the events of calls: refused, started, accepted by both users, and finished with the outcome", async () => {
  const receiver = await Receiver.start();
  const service = await startService(receiver.settings);
  const ada = await service.hello("ada");
  const bob = await service.hello("bob");
  await ada.ask("startCall", { to: "nobody", kind: "audio" });
  const { callId } = await ada.request("startCall", { to: "bob", kind: "video" });
  await bob.request("acceptCall", { callId });
  await ada.request("endCall", { callId });
  await receiver.get("call_finished");
  const told = receiver.taken.filter(({ type }) => type.startsWith("call_"));
  expect(told.map(({ type, userId }) => [type, userId])).toEqual(
    expect.arrayContaining([
      ["call_refused", "ada"],
      ["call_started", "ada"],
      ["call_accepted", "ada"],
      ["call_accepted", "bob"],
      ["call_finished", null],
    ]),
  );
  expect(told.find(({ type }) => type === "call_started")).toMatchObject({ callId, peer: "bob", kind: "video" });
  expect(told.find(({ type }) => type === "call_finished")).toMatchObject({ callId, outcome: "ended" });
  const ofCall = told.filter((event) => event.callId === callId);
  expect(ofCall[0]?.type).toBe("call_started");
  expect(ofCall.at(-1)?.type).toBe("call_finished");
});
