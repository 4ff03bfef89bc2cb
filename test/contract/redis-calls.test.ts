import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { RedisStore } from "../../src/redis/redis-store.js";
import { RedisServer, SERVERS } from "../support/redis-server.js";
import { until } from "../support/until.js";
import { callStoreContract, MOST_RINGS, RING_WINDOW_MS, type CallStoreUnderTest } from "./call-store-contract.js";

const HOLD_MS = 2_000;
/** Redis's clock can be behind this process's timers by less than this, milliseconds. */
const MARGIN_MS = 10;

for (const [kind, program, missing] of SERVERS)
  describe.skipIf(missing)(`with a real ${kind}`, () => {
    let server: RedisServer;
    let services = 0;

    beforeAll(async () => {
      server = await RedisServer.start({ program });
    });
    afterAll(() => server.stop());

    async function create(): Promise<CallStoreUnderTest> {
      const options = { url: server.url, prefix: `calls-${services++}`, onListenerError: failed };
      const [one, other] = [new RedisStore(options), new RedisStore(options)];
      onTestFinished(async () => {
        await Promise.all([one.close(), other.close()]);
      });
      await until(() => one.state === "up" && other.state === "up");
      const pass = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms + MARGIN_MS));
      const limits = { holdMs: HOLD_MS, mostRings: MOST_RINGS, ringWindowMs: RING_WINDOW_MS };
      const blocked = one.blockedCallers();
      return { here: one.calls(limits), there: other.calls(limits), blocked, holdMs: HOLD_MS, pass };
    }

    callStoreContract(kind, create);

    test("a node that prolongs a call writes it again when Redis has lost it, but not when the call was ended", async () => {
      const { here, there } = await create();
      const callee = { userId: "bob", name: "Bob", sessionId: "s-bob" };
      const caller = { userId: "ada", name: "Ada", sessionId: "s-ada" };
      const ring = { callId: "c1", roomId: "call-c1", kind: "video", caller, callee } as const;
      await here.start(ring, 60_000);
      const accepted = await there.accept("c1", callee);
      if (accepted.kind !== "accepted") throw new Error("not accepted");
      await server.cli("FLUSHALL");
      expect(await here.ofUser("ada")).toBeUndefined();
      expect(await there.hold([accepted.call])).toEqual([]);
      expect(await here.hold([accepted.call])).toEqual([]);
      expect(await here.ofUser("ada")).toMatchObject({ ...ring, state: "active", callee });
      await here.finish("c1", { state: "any", by: { session: "s-ada" } });
      expect(await there.hold([accepted.call])).toEqual(["c1"]);

      await server.cli("FLUSHALL");
      await here.start({ ...ring, callId: "c2" }, 60_000);
      expect(await there.hold([accepted.call])).toEqual(["c1"]);
      expect(await here.ofUser("bob")).toMatchObject({ callId: "c2" });
    });

    test("ended calls leave nothing in Redis except the times of their ends, for a limited time", async () => {
      const { here, there, pass } = await create();
      const name = (n: number) => ({ userId: `u${n}`, name: "", sessionId: `s${n}` });
      const call = (n: number) => ({
        callId: `c${n}`,
        roomId: "",
        kind: "audio" as const,
        caller: name(n),
        callee: name(n + 1),
      });
      await server.cli("FLUSHALL");
      for (let n = 0; n < 20; n += 2) await here.start(call(n), n % 4 ? 60_000 : 50);
      for (let n = 2; n < 20; n += 4) await there.finish(`c${n}`, { state: "any", by: "anybody" });
      // The time of the other calls is over, and no node is left that ends them.
      await pass(2 * HOLD_MS);
      await there.hold([]);
      const held = await here.start(call(100), 60_000);
      if (held.kind !== "ringing") throw new Error("not ringing");
      await here.hold([held.call]);
      await here.finish("c100", { state: "any", by: "anybody" });
      const keys = (await server.cli("KEYS", "*")).split("\n").map((key) => key.replace(/^.*:/, ""));
      // The rings of the last minute are removed by the next call after it.
      expect(keys.toSorted()).toEqual(["calls-over", "rings", "rings-by-start"]);
    });
  });

function failed(error: unknown): never {
  throw error;
}
