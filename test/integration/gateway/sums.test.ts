import { expect, test } from "vitest";
import { startService, type TestService } from "../../support/service.js";
import { TestClient } from "../../support/test-client.js";
import { assertNoFailure, bystanderIn, tellUntil } from "./bystander.js";
import { frame, handshake, RawSocket } from "./raw-socket.js";

const turnedAway = (service: TestService, why: string) =>
  service.log.filter((line) => line.msg === "turned away" && line["why"] === why);

async function refusedTotal(service: TestService, why: string): Promise<number> {
  const metrics = await (await service.get("/metrics")).text();
  return Number(new RegExp(String.raw`lastseen_refused_total\{why="${why}"\} (\d+)`).exec(metrics)?.[1]);
}

const from = (service: TestService, address: string): Promise<TestClient> =>
  TestClient.open(service.ws, { headers: { "x-forwarded-for": address } });

test("one address cannot fill the node before hello, and it is logged once", async () => {
  const service = await startService({ MAX_CONNECTIONS: "300", TRUSTED_PROXIES: "127.0.0.1" });
  const strangers = await Promise.all(Array.from({ length: 60 }, () => from(service, "203.0.113.1")));
  await expect.poll(() => strangers.filter(({ closeCode }) => closeCode === 1013).length).toBe(44);
  const other = await from(service, "203.0.113.2");
  expect(await other.request("hello", { tabId: "t" })).toMatchObject({ resumed: false });
  expect(turnedAway(service, "before_hello")).toMatchObject([{ address: "203.0.113.1" }]);
  expect(await refusedTotal(service, "before_hello")).toBe(44);
  for (const { socket } of [...strangers, other]) socket.terminate();
});

test("one address has its share after hello too; without TRUSTED_PROXIES nobody can write another address", async () => {
  const service = await startService({ MAX_CONNECTIONS_PER_ADDRESS: "3" });
  for (const name of ["ada", "bob", "eve"]) await service.hello(name);
  const fourth = await from(service, "203.0.113.9");
  expect(await fourth.closed()).toBe(1013);
  expect(turnedAway(service, "address")).toMatchObject([{ address: "127.0.0.1", forwardedFor: "203.0.113.9" }]);
});

test("one user cannot have more sessions than allowed; the refusal says so and another user gets in", async () => {
  const service = await startService({ MAX_SESSIONS_PER_USER: "3" });
  for (let n = 0; n < 3; n += 1) await service.hello("ada", { tabId: `tab-${n}` });
  const client = await service.connect();
  const answer = await client.ask("hello", { user: { id: "ada" }, tabId: "tab-4" });
  expect(answer).toMatchObject({ ok: false, error: { code: "rate_limited", retryable: true } });
  await service.hello("bob");
  expect(turnedAway(service, "user")).toMatchObject([{ userId: "ada", address: "127.0.0.1" }]);
  expect(await refusedTotal(service, "user")).toBe(1);
});

test("those who do not read go when all together have too much unread, the slowest first; the others stay", async () => {
  const service = await startService({ MAX_BUFFERED_BYTES: "6000000", MAX_MESSAGES_PER_SECOND: "100000" });
  const bystander = await bystanderIn(service, "daily");
  for (let n = 0; n < 6; n += 1) {
    const deaf = await RawSocket.open(service.port);
    deaf.write(handshake());
    await deaf.until("101 Switching Protocols");
    deaf.write(frame(`{"type":"hello","data":{"user":{"id":"deaf-${n}"},"tabId":"t"}}`));
    deaf.write(frame('{"id":"j","type":"join","data":{"roomId":"daily"}}'));
    await deaf.until('"id":"j","ok":true');
    deaf.socket.pause();
  }
  await tellUntil(service, () => turnedAway(service, "unread").length > 0);
  const metrics = await (await service.get("/metrics")).text();
  expect(Number(/lastseen_unread_bytes (\d+)/.exec(metrics)?.[1])).toBeLessThanOrEqual(6_000_000);
  await bystander.assertUnharmed();
  assertNoFailure(service);
});

test("half-sent requests of one address do not shut it out: the oldest of them go", async () => {
  const service = await startService({ MAX_CONNECTIONS_PER_ADDRESS: "100" });
  const halves: RawSocket[] = [];
  for (let n = 0; n < 150; n += 1) {
    const half = await RawSocket.open(service.port);
    half.write("GET /health/live HTTP/1.1\r\nHost: x\r\n");
    halves.push(half);
  }
  await expect.poll(() => halves.filter(({ ended }) => ended).length).toBe(150 - 64);
  expect((await service.get("/health/live")).status).toBe(200);
  const ada = await service.hello("ada");
  expect(ada.hello.resumed).toBe(false);
  expect(turnedAway(service, "requests")).toMatchObject([{ address: "127.0.0.1" }]);
  expect(halves.slice(0, 80).every(({ ended }) => ended)).toBe(true);
});

test("a client whose requests are refused all the time writes a bounded number of log lines", async () => {
  const service = await startService({ MAX_ROOM_SIZE: "1" });
  await service.join("ada", "daily");
  const eager = await service.hello("eager");
  for (let n = 0; n < 100; n += 1) {
    expect(await eager.ask("join", { roomId: "daily" })).toMatchObject({ error: { code: "room_full" } });
  }
  expect(service.log.filter(({ msg }) => msg === "request refused")).toHaveLength(20);
});

test("a client that is refused all the time for what the service refuses to everybody leaves log lines for the others", async () => {
  const service = await startService({ MAX_ROOMS: "1" });
  await service.join("ada", "daily");
  const eager = await service.hello("eager");
  for (let n = 0; n < 100; n += 1) {
    expect(await eager.ask("join", { roomId: "weekly" })).toMatchObject({ error: { code: "overloaded" } });
  }
  const late = await service.hello("late");
  expect(await late.ask("join", { roomId: "weekly" })).toMatchObject({ error: { code: "overloaded" } });
  const refused = service.log.filter(({ msg }) => msg === "request refused");
  expect(refused.map(({ userId }) => userId)).toEqual([...Array<string>(5).fill("eager"), "late"]);
});

test("what the service refuses to everybody is a bounded number of log lines for all clients together", async () => {
  const service = await startService({ MAX_ROOMS: "1" });
  await service.join("ada", "daily");
  for (let n = 0; n < 30; n += 1) {
    const late = await service.hello(`late-${n}`);
    expect(await late.ask("join", { roomId: "weekly" })).toMatchObject({ error: { code: "overloaded" } });
  }
  expect(service.log.filter(({ msg }) => msg === "request refused")).toHaveLength(20);
});
