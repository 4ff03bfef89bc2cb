import { describe, expect, onTestFinished, test } from "vitest";
import { freePort } from "../../support/free-port.js";
import { sdkClient } from "../../support/node-browser.js";
import { noRedisReason, RedisServer } from "../../support/redis-server.js";
import { startService, type TestService } from "../../support/service.js";
import { until } from "../../support/until.js";

async function startNode(nodeId: string, redis: RedisServer): Promise<TestService> {
  const port = String(await freePort());
  return startService({ PORT: port, NODE_ID: nodeId, PUBLIC_URL: `http://127.0.0.1:${port}`, REDIS_URL: redis.url });
}

const opened = async (node: TestService): Promise<number> => {
  const text = await (await node.get("/metrics")).text();
  return Number(/^lastseen_sessions_opened_total (\d+)$/m.exec(text)?.[1]);
};

/** Messages that the nodes have sent to each other. */
const published = async (redis: RedisServer): Promise<number> => {
  const stats = await redis.cli("info", "commandstats");
  return Number(/^cmdstat_publish:calls=(\d+)/m.exec(stats)?.[1] ?? 0);
};

describe.skipIf(noRedisReason)("a client that names its room in its first message", () => {
  test("is sent to the room's node before it has a session, and the other nodes are told nothing", async () => {
    const redis = await RedisServer.start();
    onTestFinished(() => redis.stop());
    const [home, other] = [await startNode("home", redis), await startNode("other", redis)];
    const ada = await home.join("ada", "daily");
    // Its node wants to hear of both.
    await ada.request("watchStatus", { userIds: ["bob", "eve"] });
    const told = await published(redis);

    const bob = await other.connect();
    const hello = { user: { id: "bob" }, tabId: "tab-bob", roomId: "daily" };
    expect(await bob.ask("hello", hello)).toMatchObject({
      ok: false,
      error: { code: "redirect", message: expect.stringContaining("PUBLIC_URL"), data: { url: home.http } },
    });
    expect(await opened(other)).toBe(0);
    expect(await redis.cli("hlen", "lastseen:{all}:sessions")).toBe("1");
    expect(await published(redis)).toBe(told);

    // The room's node lets the client in. So does the first node when the client names no room, or one that it may not enter.
    const [guest, stayed] = [await home.connect(), await other.connect()];
    expect(await guest.ask("hello", { ...hello, tabId: "tab-guest" })).toMatchObject({ ok: true });
    expect(await guest.ask("join", { roomId: "daily" })).toMatchObject({ ok: true });
    expect(await stayed.ask("hello", { user: { id: "eve" }, tabId: "tab-eve" })).toMatchObject({ ok: true });
    await until(async () => (await published(redis)) > told);
    expect(await stayed.ask("join", { roomId: "daily" })).toMatchObject({ ok: false, error: { code: "redirect" } });

    // A resume counts more than the room.
    const { sessionId, resumeToken } = ada.hello;
    const again = await home.connect();
    const resume = { sessionId, resumeToken };
    const resumed = await again.ask("hello", { user: { id: "ada" }, tabId: "tab-ada", resume, roomId: "elsewhere" });
    expect(resumed).toMatchObject({ ok: true, data: { resumed: true, room: { id: "daily" } } });
  });

  test("the client library does so: a redirect begins no session", async () => {
    const redis = await RedisServer.start();
    onTestFinished(() => redis.stop());
    const [home, other] = [await startNode("home", redis), await startNode("other", redis)];
    await home.join("ada", "daily");
    const bob = sdkClient({ url: other.http, user: { id: "bob" } });
    const joined = await bob.join("daily");
    expect(joined.room.participants.map(({ userId }) => userId).toSorted()).toEqual(["ada", "bob"]);
    expect(bob.session?.nodeId).toBe("home");
    expect([await opened(home), await opened(other)]).toEqual([2, 0]);
  });

  test("a new room begins at the node with the fewest sessions, and the client goes there first", async () => {
    const redis = await RedisServer.start();
    onTestFinished(() => redis.stop());
    const [full, empty] = [await startNode("full", redis), await startNode("empty", redis)];
    await until(async () => (await (await full.get("/metrics")).text()).includes("\nlastseen_nodes_seen 2\n"));
    for (const userId of ["ada", "bob"]) await full.hello(userId);
    await until(async () => (await redis.cli("hlen", "lastseen:{all}:sessions")) === "2");
    const eve = sdkClient({ url: full.http, user: { id: "eve" } });
    await eve.join("weekly");
    expect(eve.session?.nodeId).toBe("empty");
    expect([await opened(full), await opened(empty)]).toEqual([2, 1]);
  });
});
