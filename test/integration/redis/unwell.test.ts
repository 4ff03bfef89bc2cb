import { describe, expect, onTestFinished, test } from "vitest";
import type { FailureKind } from "../../../src/ports/store-failure.js";
import type { RedisStore } from "../../../src/redis/redis-store.js";
import type { Directory } from "../../../src/ports/directory.js";
import { sessionEntry } from "../../contract/directory-contract.js";
import { freePort } from "../../support/free-port.js";
import { RedisCluster } from "../../support/redis-cluster.js";
import { noRedisReason, RedisServer, type RedisServerOptions } from "../../support/redis-server.js";
import { RedisWording } from "../../support/redis-wording.js";
import { until } from "../../support/until.js";
import { openReadyStore } from "./stores.js";

const silent = { draining: false, sent: 0 };

async function startRedis(options?: RedisServerOptions): Promise<RedisServer> {
  const redis = await RedisServer.start(options);
  onTestFinished(() => redis.stop());
  return redis;
}

async function proxyTo(redis: RedisServer, wording: "6.2" | "7"): Promise<RedisWording> {
  const proxy = await RedisWording.start(redis.port, wording);
  onTestFinished(() => proxy.close());
  return proxy;
}

/** A store with a lease, at the end of a proxy that speaks with the words of this version. */
async function registered(url: string): Promise<{ store: RedisStore; directory: Directory }> {
  const store = await openReadyStore(url);
  const directory = store.directory("a");
  await directory.register("wss://a");
  return { store, directory };
}

const outcome = (work: Promise<unknown>): Promise<"done" | "failed"> =>
  work.then(
    () => "done",
    () => "failed",
  );

/** Renews as a node does, until Redis accepts it. */
const isRenewed = async (directory: Directory): Promise<boolean> =>
  directory.renew(silent).then(
    ({ kind }) => kind === "renewed",
    () => false,
  );

/** Redis's number of the connection for commands. */
async function connectionId(redis: RedisServer): Promise<string | undefined> {
  const lines = (await redis.cli("client", "list")).split("\n");
  return /^id=(\d+)/.exec(lines.find((line) => line.includes("name=lastseen-commands")) ?? "")?.[1];
}

interface Illness {
  kind: FailureKind;
  /** Makes this Redis unwell. */
  begin: (redis: RedisServer) => Promise<unknown>;
  end: (redis: RedisServer) => Promise<unknown>;
}

const illnesses: Record<string, Illness> = {
  "is full": {
    kind: "full",
    begin: (redis) => redis.cli("config", "set", "maxmemory", "1"),
    end: (redis) => redis.cli("config", "set", "maxmemory", "0"),
  },
  "has not enough replicas": {
    kind: "no_replicas",
    begin: (redis) => redis.cli("config", "set", "min-replicas-to-write", "1"),
    end: (redis) => redis.cli("config", "set", "min-replicas-to-write", "0"),
  },
  "has become a replica": {
    kind: "replica",
    begin: async (redis) => redis.cli("replicaof", "127.0.0.1", String(await freePort())),
    end: (redis) => redis.cli("replicaof", "no", "one"),
  },
};

describe.skipIf(noRedisReason).each(["6.2", "7"] as const)("with the wording of Redis %s", (wording) => {
  test.each(Object.keys(illnesses))("a Redis that %s is down until it has accepted a write again", async (what) => {
    const { kind, begin, end } = illnesses[what] as Illness;
    const redis = await startRedis();
    const { store, directory } = await registered((await proxyTo(redis, wording)).url);
    await begin(redis);
    await expect(directory.renew(silent)).rejects.toThrow();
    expect(store.link.problem).toMatchObject({ kind });
    expect(store.link.failures.get(kind)).toBe(1);

    // Questions are answered all the time. This proves nothing.
    await until(async () => (await outcome(directory.counts())) === "done");
    await directory.findRoom("daily");
    expect(store.link.problem).toMatchObject({ kind });

    await end(redis);
    await until(() => isRenewed(directory));
    expect(store.link.problem).toBeUndefined();
    expect(await directory.claimRoom("daily")).toMatchObject({ kind: "here" });
  });

  test("after a failover that leaves connections open, commands and messages go to the new master", async () => {
    const [first, second] = [await startRedis(), await startRedis()];
    const proxy = await proxyTo(first, wording);
    const { store, directory } = await registered(proxy.url);
    const bus = store.bus("a");
    await until(() => bus.subscribed);
    proxy.leadTo(second.port);
    await first.cli("replicaof", "127.0.0.1", String(await freePort()));

    expect(await outcome(directory.claimRoom("daily"))).toBe("failed");
    expect(store.state).toBe("down");
    await until(async () => (await outcome(directory.register("wss://a"))) === "done");
    expect(store.state).toBe("up");
    expect(await directory.claimRoom("daily")).toMatchObject({ kind: "here" });
    await until(async () => (await second.cli("pubsub", "numsub", "lastseen:{all}:to-all")).endsWith("1"));
    await until(() => bus.subscribed);
  });
});

describe.skipIf(noRedisReason)("Redis", () => {
  test("whose script runs for too long is down, and everything works soon after the script has ended", async () => {
    const redis = await startRedis({ config: ["lua-time-limit 100"] });
    const { store, directory } = await registered(redis.url);
    const script = redis.cli("eval", "while true do end", "0").catch(() => undefined);
    await until(async () => {
      await outcome(directory.renew(silent));
      return store.link.failures.has("busy");
    });
    expect(store.state).toBe("down");
    await redis.cli("script", "kill");
    await script;
    await until(async () => (await outcome(directory.register("wss://a"))) === "done");
    expect(store.state).toBe("up");
  });

  test("that loads its data is down, and is up within two seconds after", async () => {
    const redis = await startRedis({
      config: [
        "enable-debug-command yes",
        "rdbcompression no",
        "loading-process-events-interval-bytes 1024",
        "key-load-delay 300000",
      ],
    });
    const { store, directory } = await registered(redis.url);
    for (let n = 0; n < 20; n += 1) await redis.cli("set", `other:${n}`, "x".repeat(1_100));
    const loading = redis.cli("debug", "reload");
    await until(async () => {
      await outcome(directory.renew(silent));
      return store.link.failures.has("loading");
    });
    expect(store.state).toBe("down");
    await loading;
    await until(() => isRenewed(directory), 4_000);
    expect(store.state).toBe("up");
  });

  test("that may not answer because it has lost its master is down, and the connection is made again", async () => {
    const redis = await startRedis();
    const { store, directory } = await registered(redis.url);
    await redis.cli("config", "set", "replica-serve-stale-data", "no");
    await redis.cli("replicaof", "127.0.0.1", String(await freePort()));
    const before = await connectionId(redis);
    await expect(directory.findRoom("daily")).rejects.toThrow(/MASTERDOWN/);
    expect(store.link.problem).toMatchObject({ kind: "replica" });
    await until(async () => {
      const now = await connectionId(redis);
      return now !== undefined && now !== before;
    });
    await redis.cli("replicaof", "no", "one");
    await until(() => isRenewed(directory));
    expect(store.state).toBe("up");
  });

  test("in a cluster that lacks slots, or moves them, is down until it accepts writes again", async () => {
    const cluster = await RedisCluster.start();
    onTestFinished(() => cluster.stop());
    const { store, directory } = await registered(cluster.url);
    await directory.putSession(sessionEntry("s1"));
    const holder = await cluster.holderOf("lastseen:{all}:leases");
    const slot = await holder.cli("cluster", "keyslot", "lastseen:{all}:leases");

    await holder.cli("cluster", "delslots", slot);
    await until(async () => (await outcome(directory.renew(silent))) === "failed");
    expect(store.state).toBe("down");
    await holder.cli("cluster", "addslots", slot);
    await until(() => isRenewed(directory));
    expect(store.state).toBe("up");

    const receiver = cluster.nodes.find((node) => node !== holder);
    await holder.cli("cluster", "setslot", slot, "migrating", (await receiver?.cli("cluster", "myid")) ?? "");
    // Redis answers TRYAGAIN: this script names keys that exist and keys that do not.
    await until(async () => (await outcome(directory.renew(silent))) === "failed");
    expect(store.state).toBe("down");
    await holder.cli("cluster", "setslot", slot, "stable");
    await until(() => isRenewed(directory));
    expect(store.state).toBe("up");
  });
});
