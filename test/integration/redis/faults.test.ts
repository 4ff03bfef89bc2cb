import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../../src/kernel/clock.js";
import { createSubscribingClient } from "../../../src/redis/clients.js";
import { RedisUnavailableError } from "../../../src/redis/link.js";
import type { RedisStore } from "../../../src/redis/redis-store.js";
import { parseRedisUrl } from "../../../src/redis/redis-url.js";
import { Subscriber } from "../../../src/redis/subscriber.js";
import { sessionEntry } from "../../contract/directory-contract.js";
import { freePort } from "../../support/free-port.js";
import { RedisCluster } from "../../support/redis-cluster.js";
import { RedisSentinel } from "../../support/redis-sentinel.js";
import { documentedRights } from "../../support/redis-rights.js";
import { noRedisReason, RedisServer, type RedisServerOptions } from "../../support/redis-server.js";
import { until } from "../../support/until.js";
import { openReadyStore, openStore } from "./stores.js";

/** The store rejects a command without an answer after one second. The rest is for a slow machine. */
const REJECTED_WITHIN_MS = 2_000;

async function startRedis(options?: RedisServerOptions): Promise<RedisServer> {
  const redis = await RedisServer.start(options);
  onTestFinished(() => redis.stop());
  return redis;
}

async function registered(store: RedisStore, nodeId: string): Promise<ReturnType<RedisStore["directory"]>> {
  const directory = store.directory(nodeId);
  await directory.register(`wss://${nodeId}`);
  return directory;
}

/** The result of the promise, and its time in milliseconds. */
async function timed(work: Promise<unknown>): Promise<{ error: unknown; ms: number }> {
  const startedAt = performance.now();
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { error, ms: performance.now() - startedAt };
}

function heapUsed(): number {
  setFlagsFromString("--expose_gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}

const silent = { draining: false, sent: 0 };

describe.skipIf(noRedisReason)("Redis fails", () => {
  test("a store opens while Redis is away, refuses at once, and works when Redis comes", async () => {
    const port = await freePort();
    const store = openStore(`redis://127.0.0.1:${port}`);
    const seen: string[] = [];
    store.on("up", () => seen.push("up"));
    store.on("down", () => seen.push("down"));
    const directory = store.directory("a");
    const { error, ms } = await timed(directory.register("wss://a"));
    expect(error).toBeInstanceOf(RedisUnavailableError);
    // The refusal comes before the second that a command may take.
    expect(ms).toBeLessThan(REJECTED_WITHIN_MS / 2);
    expect(await directory.claimRoom("daily")).toEqual({ kind: "no_lease" });
    await until(() => (store.link.errors.get("connect") ?? 0) >= 3);
    expect(store.state).toBe("down");
    await expect(directory.counts()).rejects.toThrow(/ECONNREFUSED/);

    await startRedis({ port });
    await until(() => store.state === "up", 4_000);
    expect(seen).toEqual(["up"]);
    expect((await directory.register("wss://a")).leaseMs).toBeGreaterThan(0);
    expect(store.link.errors.get("register")).toBe(1);
  });

  test("a Redis that stands still is reported as down within a second, nothing is queued, and it is up soon after", async () => {
    const redis = await startRedis();
    const store = await openReadyStore(redis.url);
    const directory = await registered(store, "a");
    await directory.claimRoom("daily");
    const reasons: string[] = [];
    store.on("down", ({ reason }) => reasons.push(reason));

    redis.signal("SIGSTOP");
    onTestFinished(() => redis.signal("SIGCONT"));
    const { error, ms } = await timed(directory.renew(silent));
    expect(error).toBeInstanceOf(RedisUnavailableError);
    expect(ms).toBeLessThan(REJECTED_WITHIN_MS);
    expect(store.state).toBe("down");
    expect(reasons).toEqual(["Command timed out"]);

    const before = heapUsed();
    const entry = sessionEntry("s1", { metadata: { text: "x".repeat(1_000) } });
    let slowest = 0;
    for (let round = 0; round < 20; round += 1) {
      const outcomes = await Promise.all(Array.from({ length: 500 }, () => timed(directory.putSession(entry))));
      slowest = Math.max(slowest, ...outcomes.map(({ ms: took }) => took));
      expect(outcomes.every(({ error: failure }) => failure instanceof RedisUnavailableError)).toBe(true);
    }
    expect(slowest).toBeLessThan(REJECTED_WITHIN_MS);
    expect(heapUsed() - before).toBeLessThan(5_000_000);

    redis.signal("SIGCONT");
    await until(() => store.state === "up", 6_000);
    expect(await directory.renew(silent)).toMatchObject({ kind: "renewed" });
    expect(await directory.own()).toMatchObject({ rooms: ["daily"] });
  });

  test("no lease expires while Redis stands still", async () => {
    const redis = await startRedis();
    const [one, two] = [await openReadyStore(redis.url), await openReadyStore(redis.url)];
    const a = await registered(one, "a");
    const { epoch, leaseMs } = await two.directory("b").register("wss://b");
    await a.renew(silent);

    redis.signal("SIGSTOP");
    onTestFinished(() => redis.signal("SIGCONT"));
    const stoppedAt = performance.now();
    while (performance.now() - stoppedAt < 3 * leaseMs) await timed(a.renew(silent));
    redis.signal("SIGCONT");
    await until(() => one.state === "up", 6_000);

    const renewed = await a.renew(silent);
    expect(renewed).toMatchObject({ nodes: [{ nodeId: "a" }, { nodeId: "b", expired: false }] });
    expect(await a.takeOver({ nodeId: "b", epoch }, 10)).toEqual({ kind: "alive" });
    const isExpired = async () => {
      const now = await a.renew(silent);
      return now.kind === "renewed" && now.nodes.some(({ nodeId, expired }) => nodeId === "b" && expired);
    };
    await until(isExpired);
  });

  test("after Redis restarts empty a node has no lease, and its next epoch is higher than all before", async () => {
    const first = await startRedis();
    const store = await openReadyStore(first.url);
    const directory = store.directory("a");
    const { epoch } = await directory.register("wss://a");
    await directory.putSession(sessionEntry("s1"));
    await first.stop();
    await until(() => store.state === "down");
    await startRedis({ port: first.port });
    await until(() => store.state === "up", 6_000);
    expect(await directory.renew(silent)).toEqual({ kind: "no_lease" });
    expect(await directory.putSession(sessionEntry("s1"))).toEqual({ kind: "no_lease" });
    expect((await directory.register("wss://a")).epoch).toBeGreaterThan(epoch);
    expect(await directory.putSession(sessionEntry("s1"))).toEqual({ kind: "stored" });
  });

  test("the store loads scripts again that Redis has forgotten", async () => {
    const redis = await startRedis();
    const directory = await registered(await openReadyStore(redis.url), "a");
    await redis.cli("script", "flush");
    const all = await Promise.all(Array.from({ length: 20 }, (_none, n) => directory.claimRoom(`room-${n}`)));
    expect(all).toMatchObject(all.map(() => ({ kind: "here" })));
  });

  test("the store counts a refusal by operation, and the error does not repeat the refused values", async () => {
    const redis = await startRedis({ config: ["user default on nopass ~* &* +@all -evalsha -eval"] });
    const store = await openReadyStore(redis.url);
    const directory = store.directory("a");
    for (let n = 0; n < 3; n += 1) {
      await expect(directory.register("wss://a?key=geheim")).rejects.toThrow(/NOPERM/);
      await expect(directory.register("wss://a?key=geheim")).rejects.not.toThrow(/geheim/);
    }
    expect(store.state).toBe("down");
    expect(Object.fromEntries(store.link.errors)).toEqual({ register: 6 });
  });

  test("after all nodes, rooms and sessions are gone only three numbers are left in Redis", async () => {
    const redis = await startRedis();
    const store = await openReadyStore(redis.url);
    const a = await registered(store, "a");
    const b = await registered(store, "b");
    for (const n of [1, 2, 3]) await a.putSession(sessionEntry(`s${n}`));
    await a.claimRoom("daily");
    await a.handOver([{ roomId: "daily" }], "b");
    for (const { sessionId, epoch } of (await b.own()).sessions) await b.removeSession(sessionId, epoch);
    await b.releaseRoom("daily");
    await a.renew(silent);
    await a.resign();
    await b.resign();
    expect((await redis.cli("keys", "*")).split("\n").toSorted()).toEqual([
      "lastseen:{all}:epoch",
      "lastseen:{all}:lease-news",
      "lastseen:{all}:renewed-at",
    ]);
    expect(await redis.cli("zrange", "lastseen:{all}:lease-news", "0", "-1")).toBe("latest");
  });

  test("closing ends the connections, also while Redis is away, and does not wait for Redis", async () => {
    const redis = await startRedis();
    const stores = [await openReadyStore(redis.url), await openReadyStore(redis.url)];
    for (const store of stores) {
      await registered(store, "a");
      const bus = store.bus("a");
      await until(() => bus.subscribed);
    }
    await stores[0]?.close();
    await stores[0]?.close();
    await until(async () => (await redis.cli("client", "list")).split("name=lastseen").length - 1 === 2);
    redis.signal("SIGSTOP");
    onTestFinished(() => redis.signal("SIGCONT"));
    const { ms } = await timed(stores[1]?.close() ?? Promise.reject(new Error("no store")));
    expect(ms).toBeLessThan(REJECTED_WITHIN_MS);
    redis.signal("SIGCONT");
    await until(async () => !(await redis.cli("client", "list")).includes("name=lastseen"));
  });
});

describe.skipIf(noRedisReason)("authentication at Redis", () => {
  test.each([
    ["one Redis", "redis", []],
    ["a cluster", "redis+cluster", ["cluster-enabled yes"]],
  ])("of %s a wrong password is told as such, without the password", async (_what, scheme, config) => {
    const redis = await startRedis({ config: ["requirepass richtig", ...config] });
    const wrong = openStore(`${scheme}://:geheim@127.0.0.1:${redis.port}`);
    await until(() => (wrong.link.errors.get("connect") ?? 0) >= 2);
    expect(wrong.state).toBe("down");
    const { error } = await timed(wrong.directory("a").register(undefined));
    expect(String(error)).toContain("WRONGPASS");
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain("geheim");
  });

  test("Redis accepts the right password", async () => {
    const redis = await startRedis({ config: ["requirepass richtig"] });
    const right = await openReadyStore(`redis://:richtig@127.0.0.1:${redis.port}`);
    await registered(right, "a");
  });

  test("a Redis user needs only the service's keys and channels and a few commands", async () => {
    const rights = documentedRights().join(" ");
    const redis = await startRedis({ config: ["user default off", `user app on >richtig ${rights}`] });
    const store = await openReadyStore(`redis://app:richtig@127.0.0.1:${redis.port}`);
    const bus = store.bus("a");
    const a = await registered(store, "a");
    const { epoch } = await store.directory("b").register("wss://b");
    await until(() => bus.subscribed);
    bus.send("all", { type: "ask", id: "1", question: "who", data: {} });
    await bus.follow("ada");
    bus.sendAbout(["ada"], { type: "ask", id: "2", question: "who", data: {} });
    await bus.unfollow("ada");
    await a.claimRoom("daily");
    await a.putSession(sessionEntry("s1"));
    await a.renew(silent);
    await a.handOver([{ roomId: "daily" }], "b");
    await a.takeOver({ nodeId: "b", epoch }, 1);
    await a.own();
    await a.findRoom("daily");
    await a.reclaimRoom("daily");
    await a.sessionsOfUser("ada");
    await a.removeSession("s1", 9);
    await a.releaseRoom("daily");
    await a.counts();
    const check = store.check(a);
    expect([await check.run(), await check.run()]).toEqual([[], []]);
    const name = store.nodeName("a", "wss://a");
    expect([await name.hold(), await name.hold()]).toMatchObject([{ kind: "held" }, { kind: "held" }]);
    await name.release();
    await a.resign();
    expect([...store.link.errors]).toEqual([]);
  });

  const noOpenssl = spawnSync("openssl", ["version"]).status === 0 ? undefined : "there is no openssl";
  test.skipIf(noOpenssl)("the store uses TLS, and refuses a certificate that no authority has signed", async () => {
    const folder = mkdtempSync(join(tmpdir(), "lastseen-tls-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"];
    await promisify(execFile)("openssl", [
      ...request,
      "-addext",
      "subjectAltName=DNS:localhost,IP:127.0.0.1",
      "-keyout",
      key,
      "-out",
      cert,
    ]);
    const port = await freePort();
    const tls = [`tls-port ${port}`, `tls-cert-file ${cert}`, `tls-key-file ${key}`, "tls-auth-clients no"];
    await startRedis({ config: tls });
    const url = `rediss://localhost:${port}`;
    const program = fileURLToPath(new URL("tls-client.ts", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", program, url], {
      env: { ...process.env, NODE_EXTRA_CA_CERTS: cert },
      timeout: 30_000,
    });
    expect(stdout).toBe("registered 6000\n");

    const distrustful = openStore(url);
    await until(() => (distrustful.link.errors.get("connect") ?? 0) >= 2);
    expect(distrustful.state).toBe("down");
    await expect(distrustful.directory("a").counts()).rejects.toThrow(/certificate/);
  });
});

describe.skipIf(noRedisReason)("failover of Redis", () => {
  test("when a replica replaces the master, the node goes on and writes again what was not replicated", async () => {
    const sentinel = await RedisSentinel.start();
    onTestFinished(() => sentinel.stop());
    const store = await openReadyStore(sentinel.url, { leaseMs: 20_000 });
    const bus = store.bus("a");
    const other = await openReadyStore(sentinel.url);
    const otherBus = other.bus("b");
    const heard: string[] = [];
    otherBus.on("message", ({ message }) => heard.push(message.type));
    bus.on("message", ({ message }) => heard.push(`about bob: ${message.type}`));
    const directory = await registered(store, "a");
    const check = store.check(directory);
    await directory.renew(silent);
    expect(await check.run()).toEqual([]);
    await directory.putSession(sessionEntry("kept"));
    await until(() => sentinel.replica.cli("hlen", "lastseen:{all}:sessions").then((count) => count === "1"));
    await sentinel.cutReplication();
    await directory.putSession(sessionEntry("lost"));
    await directory.putSession(sessionEntry("kept", { epoch: 2 }));
    await bus.follow("bob");

    await sentinel.master.stop();
    await until(() => store.state === "down");
    const ready = () =>
      directory.counts().then(
        () => true,
        () => false,
      );
    await until(ready);
    expect(await sentinel.replica.cli("role")).toContain("master");
    expect(await directory.renew(silent)).toMatchObject({ kind: "renewed", nodes: [{ nodeId: "a", sessions: 1 }] });
    expect(await directory.findSession("lost")).toBeUndefined();
    expect(await directory.putSession(sessionEntry("lost"))).toEqual({ kind: "stored" });
    expect(await directory.putSession(sessionEntry("kept", { epoch: 2 }))).toEqual({ kind: "stored" });
    await until(() => bus.subscribed && otherBus.subscribed && other.state === "up");
    bus.send("all", { type: "ask", id: "1", question: "who", data: {} });
    await until(() => heard.length === 1);
    expect(await check.run()).toEqual([]);
    otherBus.sendAbout(["bob"], { type: "ask", id: "2", question: "who", data: {} });
    await until(() => heard.includes("about bob: ask"));
  });

  test("a subscriber whose client gave up while it looked for the master subscribes again", async () => {
    const sentinel = await RedisSentinel.start();
    onTestFinished(() => sentinel.stop());
    const none = () => ({ username: undefined, password: undefined });
    const client = createSubscribingClient(parseRedisUrl(sentinel.url), {
      redis: none,
      sentinel: none,
      secureContext: () => undefined,
    });
    // The first look for the master ends before it has an answer.
    client.once("connecting", () => client.disconnect(true));
    // Not `once`, which an error before the end would reject.
    const ended = new Promise((resolve) => client.once("end", resolve));
    const ignore = (): void => {};
    const callbacks = { subscribed: ignore, message: ignore, failed: ignore };
    const subscriber = new Subscriber(client, systemClock, ["a"], callbacks);
    onTestFinished(() => subscriber.close());
    await ended;
    await until(() => subscriber.subscribed);
  });

  test("the store reports a cluster whose node stands still as down within a second, and as up soon after", async () => {
    const cluster = await RedisCluster.start();
    onTestFinished(() => cluster.stop());
    const store = await openReadyStore(cluster.url);
    const directory = await registered(store, "a");
    await directory.claimRoom("daily");
    const holder = await cluster.holderOf("lastseen:{all}:rooms");
    holder.signal("SIGSTOP");
    const attempts = [];
    for (let n = 0; n < 8; n += 1) attempts.push(await timed(directory.renew(silent)));
    expect(attempts.every(({ error }) => error instanceof RedisUnavailableError)).toBe(true);
    expect(Math.max(...attempts.map(({ ms }) => ms))).toBeLessThan(2 * REJECTED_WITHIN_MS);
    expect(store.state).toBe("down");
    holder.signal("SIGCONT");
    const back = () =>
      directory.renew(silent).then(
        ({ kind }) => kind === "renewed",
        () => false,
      );
    await until(back);
    expect(await directory.own()).toMatchObject({ rooms: ["daily"] });
    expect(store.state).toBe("up");
  });
});
