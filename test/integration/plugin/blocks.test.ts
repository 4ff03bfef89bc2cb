import { expect, test } from "vitest";
import { application, enter, registerLastseen } from "./application.js";

test("the application blocks a user and lifts the block; both say whether there was something to do", async () => {
  const { app, log, listen } = application();
  await registerLastseen(app);
  const { connect } = await listen();
  const ann = await connect();
  const sessionId = await enter(ann, "ann", "daily");
  const before = Date.now();
  const expiresAt = await app.lastseen.block("ann", { seconds: 60 });
  expect(expiresAt).toBeGreaterThanOrEqual(before + 60_000);
  expect(await ann.closed()).toBe(4403);
  expect(app.lastseen.findSession(sessionId)).toBeUndefined();
  expect(log.find(({ msg }) => msg === "block set")).toMatchObject({ userId: "ann", by: { name: "application" } });
  expect(await app.lastseen.unblock("ann", { roomId: "daily" })).toBe(false);
  expect(await app.lastseen.unblock("ann")).toBe(true);
  await app.lastseen.block("ann", { seconds: 60, roomId: "daily" });
  const again = await connect();
  await again.request("hello", { user: { id: "ann" }, tabId: "again" });
  expect(await again.ask("join", { roomId: "daily" })).toMatchObject({ error: { code: "blocked" } });
});

test("a wrong value is refused with the field", async () => {
  const { app, listen } = application();
  await registerLastseen(app);
  await listen();
  await expect(app.lastseen.block("ann", { seconds: 0.5 })).rejects.toThrow(/^seconds must be/);
  await expect(app.lastseen.block("", { seconds: 60 })).rejects.toThrow("userId must not be empty");
  await expect(app.lastseen.blockCaller("ann", "")).rejects.toThrow("callerId must not be empty");
  await expect(app.lastseen.unblock("ann", { roomId: " x" })).rejects.toThrow(/^roomId must not begin/);
});

test("a caller whom a user has blocked does not ring until the application lifts it", async () => {
  const { app, listen } = application();
  await registerLastseen(app);
  const { connect } = await listen();
  const [ann, eve] = [await connect(), await connect()];
  for (const [client, id] of [
    [ann, "ann"],
    [eve, "eve"],
  ] as const) {
    await client.request("hello", { user: { id }, tabId: id });
  }
  await app.lastseen.blockCaller("ann", "eve");
  expect(await app.lastseen.blockedCallersOf("ann")).toEqual(["eve"]);
  const { callId } = await eve.request("startCall", { to: "ann", kind: "audio" });
  await eve.request("cancelCall", { callId });
  expect(await app.lastseen.unblockCaller("ann", "eve")).toBe(true);
  expect(await app.lastseen.unblockCaller("ann", "eve")).toBe(false);
  await eve.request("startCall", { to: "ann", kind: "audio" });
  await ann.event("incoming_call");
  expect(ann.events("incoming_call")).toHaveLength(1);
});

test("a user who is blocked while authenticate still runs is refused", async () => {
  const { app, listen } = application();
  let ask = (): void => {};
  const asked = new Promise<void>((resolve) => (ask = resolve));
  let answer = (_user: { userId: string }): void => {};
  await registerLastseen(app, {
    authenticate: () => {
      ask();
      return new Promise<{ userId: string }>((resolve) => (answer = resolve));
    },
  });
  const { connect } = await listen();
  const ann = await connect();
  const hello = ann.ask("hello", { tabId: "tab" });
  await asked;
  await app.lastseen.block("ann", { seconds: 60 });
  answer({ userId: "ann" });
  expect(await hello).toMatchObject({ error: { code: "blocked" } });
  expect(await ann.closed()).toBe(4403);
  expect(app.lastseen.sessionsOf("ann")).toEqual([]);
});
