import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { RedisStore } from "../../src/redis/redis-store.js";
import { RedisServer, SERVERS } from "../support/redis-server.js";
import { until } from "../support/until.js";
import { blockListContract, type BlockListUnderTest } from "./block-list-contract.js";

/** Redis's clock can be behind this process's timers by less than this, milliseconds. */
const MARGIN_MS = 10;

for (const [name, program, missing] of SERVERS)
  describe.skipIf(missing)(`with a real ${name}`, () => {
    let server: RedisServer;
    let services = 0;

    beforeAll(async () => {
      server = await RedisServer.start({ program });
    });
    afterAll(() => server.stop());

    async function create(): Promise<BlockListUnderTest> {
      const onListenerError = (error: unknown) => expect.unreachable(String(error));
      const options = { url: server.url, prefix: `blocks-${services++}`, onListenerError };
      const [one, other] = [new RedisStore(options), new RedisStore(options)];
      onTestFinished(async () => {
        await Promise.all([one.close(), other.close()]);
      });
      await until(() => one.state === "up" && other.state === "up");
      const pass = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms + MARGIN_MS));
      return {
        here: one.blocks(),
        there: other.blocks(),
        pass,
        lose: async () => {
          await server.cli("FLUSHALL");
          await pass(MARGIN_MS);
        },
      };
    }

    blockListContract(name, create);

    test("blocks that have ended or were lifted leave only the number of the latest change in Redis", async () => {
      const { here, pass } = await create();
      await server.cli("FLUSHALL");
      const by = { name: "nobody" };
      for (let n = 0; n < 20; n++) await here.put({ userId: `u${n}`, durationMs: 50, by }, 100);
      await here.put({ userId: "last", durationMs: 60_000, by }, 100);
      await pass(50);
      await here.remove({ userId: "last" });
      expect(await server.cli("KEYS", "*")).toEqual(expect.stringMatching(/^\S+blocks-state$/));
    });
  });
