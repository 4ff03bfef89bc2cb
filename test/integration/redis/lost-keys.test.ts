import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { NewBackendEvent } from "@lastseen/protocol";
import { KEY_PURPOSES, type KeyName } from "../../../src/redis/keys.js";
import type { RedisStore } from "../../../src/redis/redis-store.js";
import type { Directory } from "../../../src/ports/directory.js";
import { sessionEntry } from "../../contract/directory-contract.js";
import { noRedisReason, RedisServer } from "../../support/redis-server.js";
import { openReadyStore } from "./stores.js";

/** Each hold of a node's name writes the first two; see the tests of names and formats. The third is there only after a loss. */
const OTHERS: readonly KeyName[] = ["node-names", "format", "lost-keys"];
const keys = (Object.keys(KEY_PURPOSES) as KeyName[]).filter((name) => !OTHERS.includes(name));
const silent = { draining: false, sent: 0 };
const limits = { ofCallee: 10, total: 10 };
const full = (name: string): string => `lastseen:{all}:${name}`;
const party = (userId: string) => ({ userId, name: userId, sessionId: `s-${userId}` });

const call = (callId: string, caller: string, callee: string) => ({
  callId,
  roomId: `room-${callId}`,
  kind: "audio" as const,
  caller: party(caller),
  callee: { userId: callee, name: callee },
});

const entries = [sessionEntry("s1"), sessionEntry("s2", { userId: "bob" }), sessionEntry("s3", { roomId: undefined })];

/** A node writes what it knows, as its audit and its renewals of calls do. */
async function writeAll(store: RedisStore, directory: Directory): Promise<void> {
  for (const entry of entries) await directory.putSession(entry);
  await directory.reclaimRoom("daily");
  const held = await store.calls().ofUser("cleo");
  if (held) await store.calls().hold([held]);
}

/** A Redis in which every key has something, and a node that has looked at it. */
async function filled() {
  const redis = await RedisServer.start();
  onTestFinished(() => redis.stop());
  const store = await openReadyStore(redis.url, { leaseMs: 20_000 });
  const directory = store.directory("a");
  await directory.register("wss://a");
  await directory.renew(silent);
  const check = store.check(directory);
  expect(await check.run()).toEqual([]);
  await store.bus("a").follow("ada");
  await writeAll(store, directory);
  const calls = store.calls();
  await calls.start(call("ringing", "ada", "bob"), 30_000);
  await calls.start(call("active", "cleo", "dan"), 30_000);
  await calls.accept("active", party("dan"));
  await calls.start(call("ended", "eve", "fay"), 30_000);
  await calls.finish("ended", { state: "any", by: "anybody" });
  await store.blocks().put({ userId: "mallory", durationMs: 60_000, by: { name: "nobody" } }, 10);
  await store.blockedCallers().add("ada", "mallory", limits);
  const log = store.events("a");
  await log.append([event(1)]);
  expect(await check.run()).toEqual([]);
  return { redis, store, directory, check, calls, log };
}

/** Redis runs the next looks, and the answers do not arrive. */
function loseAnswers(link: RedisStore["link"], answers: number): void {
  const run = link.run.bind(link);
  let left = answers;
  link.run = async (script, ...more) => {
    const answer = await run(script, ...more);
    if (script.name !== "check-keys" || left === 0) return answer;
    left -= 1;
    throw new Error("the answer was lost");
  };
}

const event = (sequence: number): NewBackendEvent => ({
  type: "joined",
  at: 1_700_000_000_000,
  nodeId: "a",
  sequence,
  roomId: "daily",
  userId: "ada",
  sessionId: "s1",
  epoch: 1,
  name: "Ada",
});

describe.skipIf(noRedisReason)("Redis has lost a key", () => {
  let world: Awaited<ReturnType<typeof filled>>;
  beforeEach(async () => {
    world = await filled();
  });

  test.each(keys)("%s: the next look finds it, every script still works, and then all is well", async (name) => {
    const { redis, store, directory, check, calls, log } = world;
    expect(await redis.cli("del", full(name))).toBe("1");

    if (name === "leases") {
      // The next renewal finds out, before the next look.
      expect(await directory.renew(silent)).toEqual({ kind: "no_lease" });
      await directory.register("wss://a");
    }
    await directory.renew(silent);
    // Every renewal writes this number, so nobody finds it missing.
    expect(await check.run()).toEqual(name === "renewed-at" ? [] : [name]);

    await writeAll(store, directory);
    const other = store.directory("b");
    await other.register("wss://b");
    await directory.renew(silent);
    await directory.claimRoom("other");
    expect(await directory.findRoom("daily")).toMatchObject({ nodeId: "a" });
    expect(await directory.sessionsOfUser("bob")).toMatchObject([{ sessionId: "s2" }]);
    expect(await directory.findSession("s3")).toMatchObject({ nodeId: "a" });
    expect((await directory.own()).sessions).toHaveLength(3);
    await directory.counts();
    await calls.ringing();
    await calls.start(call("next", "gus", "hal"), 30_000);
    await calls.finish("next", { state: "any", by: "anybody" });
    await store.blocks().read(undefined);
    await store.blockedCallers().add("ada", "trudy", limits);
    expect(await store.blockedCallers().of("ada")).toEqual(["mallory", "trudy"]);
    await log.append([event(2)]);
    await log.takeOver([]);
    await store.events("b").takeOver(["a"]);
    expect(await check.run()).toEqual([]);

    // What the node writes is complete: another node can take all of it over.
    await directory.resign();
    const nodes = await other.renew(silent);
    const dead = nodes.kind === "renewed" ? nodes.nodes.filter(({ nodeId }) => nodeId === "a") : [];
    const taken = [];
    for (const lease of dead) {
      const outcome = await other.takeOver(lease, 100);
      if (outcome.kind === "taken") taken.push(...outcome.sessions);
    }
    expect(taken.map(({ sessionId }) => sessionId).toSorted()).toEqual(["s1", "s2", "s3"]);
    expect(await other.findRoom("daily")).toMatchObject({ nodeId: "b" });
    expect([...store.link.errors]).toEqual([]);
  });

  test("a session that is removed while the epoch is lost hides the loss only when its own epoch is ahead of Redis's clock", async () => {
    const { redis, directory, check } = world;
    await redis.cli("del", full("epoch"));
    await directory.removeSession("s1", 2);
    expect(await check.run()).toEqual(["epoch"]);

    await redis.cli("del", full("epoch"));
    const ahead = Date.now() + 10_000_000;
    await directory.removeSession("s2", ahead);
    expect(await directory.newEpoch()).toBeGreaterThan(ahead);
  });

  // The look that finds an index of the leases lost writes the marks of all leases, so no later look can find the loss.
  test.each(["lease-ends", "lease-news", "loads"] as const)(
    "%s: the first look of another node tells it when it comes before the next look of this one",
    async (name) => {
      const { redis, store, check } = world;
      await store.nodeName("a", undefined).hold();
      expect(await redis.cli("del", full(name))).toBe("1");
      const other = store.directory("b");
      await other.register("wss://b");
      expect(await store.check(other).run()).toEqual([name]);
      expect(await check.run()).toEqual([]);
      const third = store.directory("c");
      await third.register("wss://c");
      expect(await store.check(third).run()).toEqual([]);
    },
  );

  test("a loss that was found is told by the next look when the rest of this one fails", async () => {
    const { redis, check } = world;
    await redis.cli("del", full("sessions-by-user"));
    // The last part of the look can't read this.
    await redis.cli("set", full("followers"), "no index");
    await expect(check.run()).rejects.toThrow("check-following");
    await redis.cli("del", full("followers"));
    expect(await check.run()).toEqual(["followers", "sessions-by-user"]);
    expect(await check.run()).toEqual([]);
  });

  test.each(keys.filter((name) => name !== "leases" && name !== "renewed-at"))(
    "%s: a loss that was found is told by the next look, once, when the answer to this one does not arrive",
    async (name) => {
      const { redis, store, directory, check, log } = world;
      await redis.cli("del", full(name));
      loseAnswers(store.link, 2);
      for (const _ of [1, 2]) await expect(check.run()).rejects.toThrow("the answer was lost");
      expect(await check.run()).toEqual([name]);
      await writeAll(store, directory);
      await log.append([event(2)]);
      await log.takeOver([]);
      expect(await check.run()).toEqual([]);
      expect(await redis.cli("exists", full("lost-keys"))).toBe("0");
    },
  );

  test("a loss whose answer did not arrive is told under the next lease of the node, and by another node when there is none", async () => {
    const { redis, store, directory, check } = world;
    await redis.cli("del", full("sessions-by-user"));
    loseAnswers(store.link, 1);
    await expect(check.run()).rejects.toThrow("the answer was lost");
    const other = store.directory("b");
    await other.register("wss://b");
    const otherCheck = store.check(other);
    expect(await otherCheck.run()).toEqual([]);
    await directory.register("wss://a");
    expect(await check.run()).toEqual(["sessions-by-user"]);

    await redis.cli("del", full("sessions-by-room"));
    expect(await otherCheck.run()).toEqual(["sessions-by-room"]);
    loseAnswers(store.link, 1);
    await expect(check.run()).rejects.toThrow("the answer was lost");
    expect(await otherCheck.run()).toEqual([]);
    await directory.resign();
    const nodes = await other.renew(silent);
    for (const lease of nodes.kind === "renewed" ? nodes.nodes : [])
      if (lease.nodeId === "a") await other.takeOver(lease, 100);
    expect(await otherCheck.run()).toEqual(["sessions-by-room"]);
    expect(await otherCheck.run()).toEqual([]);
  });

  test("a user whose call is gone from Redis is not taken for busy for ever", async () => {
    const { redis, check, store } = world;
    await redis.cli("hset", full("calls-by-user"), "left", "call-that-is-gone");
    expect(await check.run()).toEqual([]);
    expect(await redis.cli("hexists", full("calls-by-user"), "left")).toBe("0");
    expect(await store.calls().ofUser("cleo")).toMatchObject({ state: "active" });
  });

  test.each([
    "sessions",
    "sessions-by-lease",
    "sessions-by-room",
    "sessions-by-user",
    "rooms",
    "rooms-by-lease",
  ] as const)(
    "%s: a node that dies before anybody looks can be taken over, and a room stays in one piece",
    async (name) => {
      const { redis, store, directory } = world;
      const other = store.directory("b");
      await other.register("wss://b");
      await redis.cli("del", full(name));
      await directory.resign();
      const nodes = await other.renew(silent);
      const dead = nodes.kind === "renewed" ? nodes.nodes.find(({ nodeId }) => nodeId === "a") : undefined;
      const outcome = dead ? await other.takeOver(dead, 100) : { kind: "taken", more: false };
      expect(outcome).toMatchObject({ kind: "taken", more: false });
      expect([...store.link.errors]).toEqual([]);
    },
  );
});
