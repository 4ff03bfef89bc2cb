import { expect, onTestFinished, test } from "vitest";
import { sdkClient } from "../../support/node-browser.js";
import { noRedisReason, RedisServer } from "../../support/redis-server.js";
import { ServiceProcess } from "../../support/service-process.js";
import { until } from "../../support/until.js";

const TIMEOUT = { timeout: 240_000 };

async function startRedis(): Promise<RedisServer> {
  const redis = await RedisServer.start();
  onTestFinished(() => redis.stop());
  return redis;
}

const lonely = (redis: RedisServer, url: string): Record<string, string> => ({
  NODE_ID: "lone",
  PUBLIC_URL: url,
  REDIS_URL: redis.url,
});

const isLogged = (node: ServiceProcess, words: string): boolean => node.log.some(({ msg }) => msg.startsWith(words));
const nameIn = (redis: RedisServer): Promise<string> => redis.cli("hget", "lastseen:{all}:node-names", "lone");

test.skipIf(noRedisReason)(
  "a second process with the NODE_ID of a live node exits with 78 and says why, and nobody in a room notices",
  TIMEOUT,
  async () => {
    const redis = await startRedis();
    const node = await ServiceProcess.start(lonely(redis, "http://127.0.0.1:1"));
    const ada = sdkClient({ url: node.http, user: { id: "ada" } });
    await ada.join("daily");
    const states: string[] = [];
    ada.on("state", ({ state }) => states.push(state));

    const { code, stderr } = await ServiceProcess.refused(lonely(redis, "http://127.0.0.1:2"));
    expect(code).toBe(78);
    expect(stderr).toContain("NODE_ID lone is the name of another process that is alive");
    expect(stderr).toContain("with http://127.0.0.1:1 as its PUBLIC_URL");
    expect(stderr).toContain("Give each node its own NODE_ID, or stop the other process first");

    const again = await ServiceProcess.refused(lonely(redis, "http://127.0.0.1:1"));
    expect(again.code).toBe(78);
    expect(again.stderr).toContain("with the same PUBLIC_URL");
    expect(states).toEqual([]);
    expect(isLogged(node, "lease lost")).toBe(false);
  },
);

test.skipIf(noRedisReason)(
  "a process that was killed starts again under its NODE_ID when its lease is over; one that was stopped, at once",
  TIMEOUT,
  async () => {
    const redis = await startRedis();
    const env = lonely(redis, "http://127.0.0.1:1");
    const killed = await ServiceProcess.start(env);
    const before = await nameIn(redis);
    killed.signal("SIGKILL");
    await killed.ended();
    const next = await ServiceProcess.start(env);
    expect((await nameIn(redis)).split(" ")[0]).not.toBe(before.split(" ")[0]);
    const ada = sdkClient({ url: next.http, user: { id: "ada" } });
    await ada.join("daily");
    await ada.disconnect();

    next.signal("SIGTERM");
    expect(await next.ended()).toBe(0);
    // Nobody has the name, so the next process does not wait.
    expect(await nameIn(redis)).toBe("");
    await ServiceProcess.start(env);
  },
);

test.skipIf(noRedisReason)(
  "a process that stood still while another took its NODE_ID exits with 78 when it goes on, and the other stays",
  TIMEOUT,
  async () => {
    const redis = await startRedis();
    const env = lonely(redis, "http://127.0.0.1:1");
    const frozen = await ServiceProcess.start(env);
    frozen.signal("SIGSTOP");
    const next = await ServiceProcess.start(env);
    const holder = (await nameIn(redis)).split(" ")[0];
    frozen.signal("SIGCONT");
    expect(await frozen.ended()).toBe(78);
    expect(isLogged(frozen, "this process must not be a node")).toBe(true);
    expect((await nameIn(redis)).split(" ")[0]).toBe(holder);
    await until(async () => (await (await fetch(`${next.http}/metrics`)).text()).includes("\nlastseen_nodes 1\n"));
  },
);

test.skipIf(noRedisReason)(
  "the name is lost with Redis's data, and the node holds it again; the newcomer that comes meanwhile goes",
  TIMEOUT,
  async () => {
    const redis = await startRedis();
    const node = await ServiceProcess.start(lonely(redis, "http://127.0.0.1:1"));
    const before = (await nameIn(redis)).split(" ")[0];
    await redis.cli("flushall");
    await until(async () => (await nameIn(redis)).split(" ")[0] === before);
    expect((await ServiceProcess.refused(lonely(redis, "http://127.0.0.1:2"))).code).toBe(78);
    expect(isLogged(node, "this process must not be a node")).toBe(false);
  },
);
