import { expect, test } from "vitest";
import { startService } from "../../support/service.js";
import type { Frame } from "../../support/test-client.js";
import { assertNoFailure, bystanderIn, tellUntil } from "./bystander.js";
import { frame, handshake, RawSocket } from "./raw-socket.js";

const isRefusal = ({ ok, error }: Frame) => ok === false && error?.code === "rate_limited";

test("messages over the rate are refused one by one, each by its id, and the same client may go on a moment later", async () => {
  const service = await startService({ MAX_MESSAGES_PER_SECOND: "10" });
  const bystander = await bystanderIn(service, "daily");
  const client = await service.join("eager", "daily");
  const ids = Array.from({ length: 150 }, (_none, n) => `q${n}`);
  for (const id of ids) client.send({ id, type: "getRoom" });
  await client.frame(({ id }) => id === ids.at(-1));
  const replies = client.frames.filter(({ id }) => typeof id === "string");
  expect(replies.map(({ id }) => id)).toEqual(ids);
  const refused = replies.filter(isRefusal);
  expect(refused.length).toBeGreaterThan(60);
  expect(replies.length - refused.length).toBeGreaterThanOrEqual(10);
  expect(refused[0]?.error).toMatchObject({ code: "rate_limited", retryable: true });
  await expect.poll(async () => (await client.ask("getRoom")).ok, { interval: 150 }).toBe(true);
  expect(client.closeCode).toBeUndefined();
  await bystander.assertUnharmed();
});

test("a refused message without an id is told by an error event, and its pings are no heartbeats", async () => {
  const service = await startService({ MAX_MESSAGES_PER_SECOND: "1" });
  const client = await service.hello("eager");
  for (let n = 0; n < 17; n += 1) client.sendRaw('{"type":"ping"}');
  expect(await client.event("error")).toMatchObject({ code: "rate_limited", type: "ping" });
  const pongs = client.frames.filter(({ type }) => type === "pong");
  expect(pongs.length).toBeLessThan(12);
});

test("who goes on over the rate is cut off with 4429; the others in the room are not", async () => {
  const service = await startService({ MAX_MESSAGES_PER_SECOND: "10" });
  const bystander = await bystanderIn(service, "daily");
  const client = await service.join("flood", "daily");
  // 80 may come at once, 100 more are refused. A client that sends another 100 is ended without a close frame.
  for (let n = 0; n < 250; n += 1) client.sendRaw('{"type":"getRoom"}');
  expect(await client.closed()).toBe(4429);
  expect(client.events("error").every(({ code }) => code === "rate_limited")).toBe(true);
  await bystander.assertUnharmed();
  const back = await service.hello("flood");
  await expect(back.request("join", { roomId: "daily" })).resolves.toMatchObject({ room: { id: "daily" } });
  assertNoFailure(service);
});

test("garbage over the rate is garbage all the same", async () => {
  const service = await startService({ MAX_MESSAGES_PER_SECOND: "1" });
  const client = await service.hello("eager");
  for (let n = 0; n < 12; n += 1) client.sendRaw('{"type":"ping"}');
  client.sendRaw("garbage");
  expect(await client.closed()).toBe(4400);
});

test("one connection more than allowed is closed with 1013, and there is room again when one goes", async () => {
  const service = await startService({ MAX_CONNECTIONS: "2" });
  const bystander = await bystanderIn(service, "daily");
  const second = await service.hello("second");
  const third = await service.connect();
  expect(await third.closed()).toBe(1013);
  await second.request("beforeDisconnect", {});
  expect(await second.closed()).toBe(1000);
  await expect.poll(() => service.app.gateway.connectionCount).toBe(1);
  const fourth = await service.hello("fourth");
  expect(fourth.hello.resumed).toBe(false);
  await bystander.assertUnharmed();
});

test("a full room and a node with all its rooms refuse one more, and say which it is", async () => {
  const service = await startService({ MAX_ROOM_SIZE: "2", MAX_ROOMS: "1" });
  await service.join("ada", "daily");
  await service.join("bob", "daily");
  const late = await service.hello("late");
  expect(await late.ask("join", { roomId: "daily" })).toMatchObject({ error: { code: "room_full", retryable: true } });
  expect(await late.ask("join", { roomId: "other" })).toMatchObject({ error: { code: "overloaded", retryable: true } });
  expect(service.app.rooms.participantCount).toBe(2);
});

test("many who join the last place at once do not overfill the room", async () => {
  const service = await startService({ MAX_ROOM_SIZE: "3" });
  const clients = await Promise.all(Array.from({ length: 8 }, (_none, n) => service.hello(`user-${n}`)));
  const answers = await Promise.all(clients.map((client) => client.ask("join", { roomId: "daily" })));
  expect(answers.filter(({ ok }) => ok)).toHaveLength(3);
  expect(answers.flatMap((answer) => (answer.ok ? [] : [answer.error.code]))).toEqual(Array(5).fill("room_full"));
  expect(service.app.rooms.participantCount).toBe(3);
});

test("a client that does not read what it is told is cut off before it fills the memory; the others are not", async () => {
  const service = await startService({ MAX_MESSAGES_PER_SECOND: "100000" });
  const bystander = await bystanderIn(service, "daily");
  const deaf = await RawSocket.open(service.port);
  deaf.write(handshake());
  await deaf.until("101 Switching Protocols");
  deaf.write(frame('{"type":"hello","data":{"user":{"id":"deaf"},"tabId":"t"}}'));
  deaf.write(frame('{"id":"j","type":"join","data":{"roomId":"daily"}}'));
  await deaf.until('"id":"j","ok":true');
  deaf.socket.pause();
  await tellUntil(service, () => service.log.some(({ msg }) => msg === "socket destroyed"));
  await bystander.client.event("user_away", ({ reason }) => reason === "connection_lost", 20_000);
  expect(service.log.find(({ msg }) => msg === "socket destroyed")).toMatchObject({
    why: "does not read what it is sent",
  });
  await bystander.assertUnharmed();
  assertNoFailure(service);
});
