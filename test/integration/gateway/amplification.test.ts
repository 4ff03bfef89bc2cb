import { expect, test } from "vitest";
import { startService } from "../../support/service.js";
import { assertNoFailure, bystanderIn } from "./bystander.js";

test("a session that asks for a large room again and again gets 4 MB at once, and then rate_limited", async () => {
  const service = await startService();
  const bystander = await bystanderIn(service, "daily");
  for (let n = 0; n < 20; n += 1) {
    const member = await service.join(`member-${n}`, "daily");
    await member.request("setMetadata", { metadata: { text: "x".repeat(4_000) } });
  }
  const client = await service.join("asker", "daily");
  const ids = Array.from({ length: 200 }, (_none, n) => `q${n}`);
  for (const id of ids) client.send({ id, type: "getRoom" });
  await client.frame(({ id }) => id === ids.at(-1));
  const answers = client.frames.filter(({ id }) => typeof id === "string");
  const bytes = answers.reduce((sum, answer) => sum + JSON.stringify(answer).length, 0);
  expect(answers.filter(({ error }) => error?.code === "rate_limited").length).toBeGreaterThan(100);
  expect(bytes).toBeLessThan(6_000_000);
  // Whoever has used up its answers may still go.
  expect(await client.ask("leave")).toMatchObject({ ok: true });
  await bystander.assertUnharmed();
  assertNoFailure(service);
});

test("a session that has used up its answers gets no more by a resume", async () => {
  const service = await startService();
  const big = await service.join("big", "daily");
  await big.request("setMetadata", { metadata: { text: "x".repeat(4_000) } });
  const client = await service.join("asker", "daily");
  const { sessionId, resumeToken } = client.hello;
  service.app.registry.get(sessionId).replies.spend(20_000_000);
  expect(await client.ask("getRoom")).toMatchObject({ error: { code: "rate_limited", retryable: true } });
  const again = await service.connect();
  const resume = { sessionId, resumeToken };
  expect(await again.ask("hello", { user: { id: "asker" }, tabId: "tab-asker", resume })).toMatchObject({
    ok: false,
    error: { code: "rate_limited" },
  });
});

test("metadata that changes quickly is merged: the setter is answered each time, the others get the last state", async () => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_none, n) => bob.ask("setMetadata", { metadata: { n } })),
  );
  expect(answers.every(({ ok }) => ok)).toBe(true);
  expect((await bob.request("getRoom")).room.participants.find(({ userId }) => userId === "bob")?.metadata).toEqual({
    n: 59,
  });
  const last = await ada.event("metadata_changed", ({ metadata }) => metadata["n"] === 59);
  const told = ada.events("metadata_changed");
  expect(told.length).toBeLessThanOrEqual(20);
  expect(told.map(({ version }) => version)).toEqual(told.map((_event, at) => (told[0]?.version ?? 0) + at));
  expect((await ada.request("getRoom")).room.version).toBe(last.version);
});

test("whoever leaves before its last change was told causes no late message, in this room or in the next", async () => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  for (let n = 0; n < 30; n += 1) await bob.request("setMetadata", { metadata: { n } });
  await bob.request("leave");
  await bob.request("join", { roomId: "other" });
  await ada.event("user_left");
  const eve = await service.join("eve", "other");
  expect((await eve.request("getRoom")).room.participants[0]).toMatchObject({ userId: "bob", metadata: { n: 29 } });
  await bob.request("setMetadata", { metadata: { n: 100 } });
  expect(await eve.event("metadata_changed")).toMatchObject({ metadata: { n: 100 } });
  const { room } = await ada.request("getRoom");
  expect(ada.frames.at(-2)).toMatchObject({ type: "user_left" });
  expect(room.participants).toHaveLength(1);
});

test("a departure tells how many stay; only in a small room it lists them", async () => {
  const service = await startService();
  const watcher = await service.join("watcher", "large");
  const others = [];
  for (let n = 0; n < 51; n += 1) others.push(await service.join(`user-${n}`, "large"));
  for (const leaver of others.slice(0, 2)) await leaver.request("leave");
  await watcher.event("user_left", ({ userId }) => userId === "user-1");
  const [first, second] = watcher.events("user_left");
  expect(first).toMatchObject({ count: 51 });
  expect(first).not.toHaveProperty("participants");
  expect(second).toMatchObject({ count: 50, participants: expect.arrayContaining(["watcher", "user-2"]) });
});
