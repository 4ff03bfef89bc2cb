/** Which commands Redis runs for what happens most: nothing that grows with the number of nodes, and nothing that changes nothing. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sessionEntry } from "../../contract/directory-contract.js";
import { noRedisReason, RedisServer } from "../../support/redis-server.js";
import { until } from "../../support/until.js";
import { ask, serviceIn, type Node } from "./following-nodes.js";

const NODES = 12;

describe.skipIf(noRedisReason)("the commands that Redis runs", () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await RedisServer.start();
  });
  afterAll(() => redis.stop());

  /** How often Redis runs each command for a step, also from scripts. */
  async function commandsOf(step: () => Promise<unknown>): Promise<Readonly<Record<string, number>>> {
    await redis.cli("config", "resetstat");
    await step();
    const stats = (await redis.cli("info", "commandstats")).matchAll(/^cmdstat_(\w+):calls=(\d+)/gm);
    return Object.fromEntries(Array.from(stats, ([, name, calls]) => [name, Number(calls)]));
  }

  /** Nodes that all read the format in which leases have indexes, and have written whom they follow. */
  async function manyNodes() {
    const service = serviceIn(redis);
    await redis.cli("set", service.key("format"), "2");
    const nodes: Node[] = [];
    for (let n = 0; n < NODES; n += 1) nodes.push(await service.start(`n${n}`));
    for (const { check } of nodes) await check.run();
    return { service, nodes };
  }

  test("a message about a user reads no list of nodes, whatever their number", async () => {
    const { nodes } = await manyNodes();
    const [a, b, c] = nodes as [Node, Node, Node];
    await b.bus.follow("ada");
    const commands = await commandsOf(async () => {
      a.bus.sendAbout(["ada"], ask("1"));
      await until(() => b.told.length === 1);
    });
    expect(commands).toMatchObject({ publish: 1, zrangebylex: 1 });
    expect(commands).not.toHaveProperty("hgetall");
    expect(c.told).toEqual([]);
  });

  test("a node that has not written yet whom it follows gets the message even so", async () => {
    const { service, nodes } = await manyNodes();
    const [a, b] = nodes as [Node, Node];
    await b.bus.follow("ada");
    const starting = await service.open("starting");
    await starting.directory.register("wss://starting");
    a.bus.sendAbout(["ada"], ask("1"));
    await until(() => b.told.length === 1 && starting.told.length === 1);
  });

  test("a session that enters a room removes nothing from the indexes, and its node's sessions are not counted again", async () => {
    const { nodes } = await manyNodes();
    const [a] = nodes as [Node];
    await a.directory.putSession(sessionEntry("s1", { roomId: undefined }));
    const commands = await commandsOf(() => a.directory.putSession(sessionEntry("s1", { roomId: "daily" })));
    for (const name of ["hdel", "zrem", "zlexcount"]) expect(commands).not.toHaveProperty(name);
  });

  test("the calls of many users are read by one script, and a call that can't be read fails that question only", async () => {
    const { service, nodes } = await manyNodes();
    const calls = nodes[0]?.store.calls();
    if (!calls) throw new Error("nodes were asked for");
    const ring = { roomId: "r", kind: "audio", callee: { userId: "bob", name: "Bob" } } as const;
    await calls.start({ ...ring, callId: "c1", caller: { userId: "ada", name: "Ada", sessionId: "s1" } }, 60_000);
    const users = Array.from({ length: 50 }, (_, n) => `user-${n}`);
    const commands = await commandsOf(() => Promise.all(users.map((userId) => calls.ofUser(userId))));
    expect(commands).toMatchObject({ evalsha: 1 });
    const line = await redis.cli("hget", service.key("calls"), "c1");
    for (const unreadable of [line.trim().replace(/\{.*/, "{}"), "no call"]) {
      await redis.cli("hset", service.key("calls"), "c1", unreadable);
      const [ada, eve] = await Promise.allSettled([calls.ofUser("ada"), calls.ofUser("eve")]);
      expect([ada.status, eve.status]).toEqual(["rejected", "fulfilled"]);
    }
  });

  test("sessions that come in one turn of the event loop are written by one script, and found by one", async () => {
    const { nodes } = await manyNodes();
    const [{ directory }] = nodes as [Node];
    const ids = Array.from({ length: 20 }, (_, n) => `s${n}`);
    const all = (step: (id: string) => Promise<unknown>) => commandsOf(() => Promise.all(ids.map(step)));
    expect(await all((id) => directory.putSession(sessionEntry(id)))).toMatchObject({ evalsha: 1, hset: 20 });
    expect(await all((id) => directory.findSession(id))).toMatchObject({ evalsha: 1 });
    const [first, missing] = await Promise.all(["s7", "nobody"].map((id) => directory.findSession(id)));
    expect([first?.sessionId, missing]).toEqual(["s7", undefined]);
  });

  test.each([["no line of a session"], ["1 n0@1 ada daily {x}"], ["1 n0@1 %zz daily {}"], ["1 no-lease ada daily {}"]])(
    "a session whose line is %j is missing, harms no other one, and is written anew",
    async (line) => {
      const { service, nodes } = await manyNodes();
      const [{ directory }, heir] = nodes as [Node, Node];
      const broken = sessionEntry("broken");
      const whole = sessionEntry("whole", { userId: "eve", roomId: undefined });
      const spoil = () => redis.cli("hset", service.key("sessions"), "broken", line);
      const find = () => Promise.all(["broken", "whole"].map((id) => directory.findSession(id)));
      const put = (epoch: number) =>
        Promise.all([broken, whole].map((entry) => directory.putSession({ ...entry, epoch })));
      await put(1);
      await spoil();
      expect(await find()).toMatchObject([undefined, { sessionId: "whole" }]);
      expect(await directory.findSessions(["broken", "whole"])).toMatchObject([{ sessionId: "whole" }]);
      expect(await directory.sessionsOfUser("ada")).toEqual([]);
      expect((await directory.own()).sessions).toMatchObject([{ sessionId: "whole" }]);
      expect(await put(2)).toEqual([{ kind: "stored" }, { kind: "stored" }]);
      expect(await find()).toMatchObject([{ sessionId: "broken" }, { sessionId: "whole" }]);

      await spoil();
      const given = await directory.handOver([{ sessionId: "whole" }], heir.directory.nodeId);
      expect(given).toMatchObject({ kind: "handed", sessionIds: ["whole"] });
      await directory.removeSession("broken", 3);
      expect(await redis.cli("hexists", service.key("sessions"), "broken")).toBe("0");
    },
  );

  test("who enters a room in the moment in which the room is handed over goes with it", async () => {
    const { nodes } = await manyNodes();
    const [{ directory }, heir] = nodes as [Node, Node];
    await directory.claimRoom("daily");
    const put = directory.putSession(sessionEntry("s1"));
    const given = await directory.handOver([{ roomId: "daily" }], heir.directory.nodeId);
    expect(given).toMatchObject({ kind: "handed", sessionIds: ["s1"] });
    expect(await put).toEqual({ kind: "stored" });
  });
});
