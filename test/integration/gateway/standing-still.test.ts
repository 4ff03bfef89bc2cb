import { expect, test } from "vitest";
import { LIMITS } from "@lastseen/protocol";
import { startService } from "../../support/service.js";
import { assertNoFailure, bystanderIn } from "./bystander.js";
import { frame, handshake, RawSocket } from "./raw-socket.js";

/** A request of 64 KB that has nothing but wrong items in it. */
const WRONG_ITEMS = `{"id":"w","type":"watchStatus","data":{"userIds":[${Array.from({ length: 32_000 }, () => "1").join(",")}]}}`;

async function webSocket(port: number): Promise<RawSocket> {
  const raw = await RawSocket.open(port);
  raw.write(handshake());
  await raw.until("101 Switching Protocols");
  return raw;
}

test("before hello a frame of more than a hello's size is refused by its id and not decoded", async () => {
  const service = await startService();
  const client = await service.connect();
  client.sendRaw(WRONG_ITEMS);
  const answer = await client.frame(({ id }) => id === "w");
  expect(answer).toMatchObject({ ok: false, error: { code: "bad_message" } });
  expect(answer.error?.message).toContain(String(LIMITS.helloBytes));
  expect(await client.request("hello", { tabId: "t" })).toMatchObject({ resumed: false });
});

test("before hello only hello is looked into: everything else is unauthorized, whatever is wrong with it", async () => {
  const service = await startService();
  const client = await service.connect();
  client.send({ id: 1, type: "join", data: { roomId: 7 } });
  expect(await client.frame(({ id }) => id === 1)).toMatchObject({ error: { code: "unauthorized" } });
  client.send({ id: 2, type: "hello", data: { tabId: 7 } });
  expect(await client.frame(({ id }) => id === 2)).toMatchObject({ error: { code: "bad_message" } });
});

test("a client that sends large messages all the time is refused, by its ids, and cut off; the others are not", async () => {
  const service = await startService();
  const bystander = await bystanderIn(service, "daily");
  const client = await service.join("flood", "daily");
  for (let n = 0; n < 130; n += 1) client.sendRaw(WRONG_ITEMS);
  expect(await client.closed()).toBe(4429);
  const answers = client.frames.filter(({ id }) => id === "w").map(({ error }) => error?.code);
  expect(answers.filter((code) => code === "bad_message").length).toBeLessThanOrEqual(60);
  expect(answers.filter((code) => code === "rate_limited").length).toBeGreaterThan(40);
  await bystander.assertUnharmed();
  assertNoFailure(service);
});

test.each([
  ["pongs that nobody asked for", 10],
  ["pings", 9],
])("a flood of %s is cut off, and the client may not go on after that", async (_what, opcode) => {
  const service = await startService({ MAX_MESSAGES_PER_SECOND: "10" });
  const bystander = await bystanderIn(service, "daily");
  const raw = await webSocket(service.port);
  raw.write(frame('{"type":"hello","data":{"tabId":"t"}}'));
  const one = frame("x", { opcode });
  const some = Buffer.concat(Array.from({ length: 200 }, () => one));
  raw.write(some);
  expect(await raw.closeCode()).toBe(4429);
  for (let n = 0; n < 5; n += 1) raw.write(some);
  await raw.closed(2_000);
  await bystander.assertUnharmed();
  assertNoFailure(service);
});

test("a client that answers the service's pings may do so for ever", async () => {
  const service = await startService({ MAX_MESSAGES_PER_SECOND: "1", SOCKET_PING_INTERVAL_MS: "100" });
  const client = await service.hello("ada");
  let pings = 0;
  client.socket.on("ping", () => (pings += 1));
  await expect.poll(() => pings, { timeout: 20_000 }).toBeGreaterThan(25);
  expect(client.closeCode).toBeUndefined();
});

test("a message in very many fragments is closed with 1008 before it uses much memory", async () => {
  const service = await startService();
  const raw = await webSocket(service.port);
  raw.write(frame("x", { fin: false }));
  raw.write(Buffer.concat(Array.from({ length: 100 }, () => frame("x", { opcode: 0, fin: false }))));
  expect(await raw.closeCode()).toBe(1008);
  assertNoFailure(service);
});
