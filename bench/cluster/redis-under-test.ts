import { DEFAULT_PREFIX, Keys } from "../../src/redis/keys.js";
import { freePort, isFree } from "../../test/support/free-port.js";
import { RedisServer } from "../../test/support/redis-server.js";
import { until } from "../../test/support/until.js";

const SLOTS = 16_384;
/** The nodes of a cluster talk to each other on their port plus this. */
const BUS_OFFSET = 10_000;

/** The Redis that a bench measures: one, or a cluster with one master for each hash tag. */
export interface RedisUnderTest {
  readonly url: string;
  /** The hash tags over which rooms and sessions are divided; empty: they are not. */
  readonly tags: readonly string[];
  /** Masters that do the same: that of what is not divided, and those of the tags. */
  readonly groups: readonly (readonly RedisServer[])[];
  stop(): Promise<void>;
}

/** @param shards over how many hash tags rooms and sessions are divided; 1: not at all */
export async function startRedis(shards: number): Promise<RedisUnderTest> {
  if (shards > 1) return startCluster(Array.from({ length: shards }, (_, n) => String(n + 1)));
  const redis = await RedisServer.start();
  return { url: redis.url, tags: [], groups: [[redis]], stop: () => redis.stop() };
}

async function startCluster(tags: readonly string[]): Promise<RedisUnderTest> {
  const masters: RedisServer[] = [];
  const stop = async (): Promise<void> => void (await Promise.all(masters.map((master) => master.stop())));
  try {
    while (masters.length <= tags.length) masters.push(await startMaster());
    const [whole, ...parts] = masters;
    if (!whole) throw new Error("a cluster has masters");
    const ranges = await slotRanges(whole, ["all", ...tags]);
    for (const [n, master] of masters.entries()) {
      await master.cli("cluster", "addslotsrange", ...(ranges[n] ?? []).map(String));
      await master.cli("cluster", "set-config-epoch", String(n + 1));
    }
    for (const part of parts) await whole.cli("cluster", "meet", "127.0.0.1", String(part.port));
    await until(async () => {
      const states = await Promise.all(masters.map((master) => master.cli("cluster", "info")));
      return states.every(
        (state) => state.includes("cluster_state:ok") && state.includes(`cluster_known_nodes:${masters.length}\r`),
      );
    }, 60_000);
    const url = `redis+cluster://${masters.map(({ port }) => `127.0.0.1:${port}`).join(",")}`;
    return { url, tags, groups: [[whole], parts], stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The first and the last slot for each hash tag: each tag is alone in its range, and the ranges are all slots. */
async function slotRanges(redis: RedisServer, tags: readonly string[]): Promise<readonly (readonly number[])[]> {
  const slots = await Promise.all(
    tags.map(async (tag) =>
      Number(await redis.cli("cluster", "keyslot", new Keys(DEFAULT_PREFIX, 0, tag).key("leases"))),
    ),
  );
  const inOrder = slots.toSorted((one, other) => one - other);
  return slots.map((slot) => {
    const next = inOrder[inOrder.indexOf(slot) + 1];
    return [slot === inOrder[0] ? 0 : slot, next === undefined ? SLOTS - 1 : next - 1];
  });
}

async function startMaster(): Promise<RedisServer> {
  const port = await freePort();
  if (!(await isFree(port + BUS_OFFSET))) return startMaster();
  return RedisServer.start({ port, config: ["cluster-enabled yes"] });
}
