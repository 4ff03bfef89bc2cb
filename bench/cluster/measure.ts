import { until } from "../../test/support/until.js";
import type { Costs } from "./model.js";
import { Nodes } from "./nodes.js";
import { RedisMeter } from "./redis-meter.js";
import type { RedisUnderTest } from "./redis-under-test.js";
import { call, enter, forEach, hello, leave, type Caller } from "./steps.js";

/** Enough renewals of each node to tell their cost. */
const IDLE_SECONDS = 12;
/** People in each room of the node that dies. */
const IN_A_ROOM = 5;

/** Microseconds for each group of masters. */
type Cost = readonly number[];

/**
 * Measures each step with so many nodes. All nodes but one are in one process; the last one is in its own, so that it can die.
 *
 * @param people how often each step is measured
 * @param renewSeconds between two renewals of a node
 * @returns what each group of masters spends
 */
export async function measureCosts(
  redis: RedisUnderTest,
  nodes: number,
  people: number,
  renewSeconds: number,
): Promise<readonly Costs[]> {
  const meter = new RedisMeter(redis);
  const pause = async (): Promise<Cost> => {
    const { cpu, seconds } = await meter.during(
      () => new Promise((resolve) => setTimeout(resolve, IDLE_SECONDS * 1_000)),
    );
    return cpu.map((each) => each / seconds);
  };
  const alonePerSecond = await pause();
  const living = await Nodes.start(nodes - 1, redis, "node");
  const doomed = await Nodes.start(1, redis, "doomed");
  try {
    await living.see(nodes);
    const idlePerSecond = await pause();
    /** Microseconds for each time. */
    const cost = async (times: number, step: () => Promise<unknown>): Promise<Cost> => {
      const { cpu, seconds } = await meter.during(step);
      return cpu.map((each, group) => Math.max(0, each - (idlePerSecond[group] ?? 0) * seconds) / times);
    };
    const { urls } = living;
    const anyOf = (n: number): string => urls[n % urls.length] ?? "";
    const numbers = Array.from({ length: people }, (_, n) => n);

    const rooms = await forEach(numbers, async (n) => {
      const { url } = await enter(anyOf(n), `host-${n}`, `room-${n}`);
      return { n, roomId: `room-${n}`, url };
    });
    const guests: Caller[] = [];
    const enterCost = await cost(people, () =>
      forEach(rooms, async ({ n, roomId, url }) => guests.push(await enter(url, `guest-${n}`, roomId))),
    );
    const lost: Caller[] = [];
    const redirectCost = await cost(people, () =>
      forEach(rooms, async ({ n, roomId, url }) => {
        // Any node but the room's.
        lost.push(await enter(anyOf(urls.indexOf(url) + 1), `lost-${n}`, roomId));
      }),
    );
    const leaveCost = await cost(people, () => forEach(guests, leave));
    await forEach(lost, leave);
    const pairs = await forEach(numbers, async (n): Promise<readonly [Caller, Caller]> => [
      await hello(anyOf(n), `from-${n}`),
      await hello(anyOf(n + 1), `to-${n}`),
    ]);
    const callCost = await cost(people, () => forEach(pairs, ([from, to]) => call(from, to)));
    const takeOver = await takeOverCost(meter, { living, doomed }, people * IN_A_ROOM, cost);
    const at = (spent: Cost, group: number): number => spent[group] ?? 0;
    return redis.groups.map((_, group) => ({
      nodes,
      renew: ((at(idlePerSecond, group) - at(alonePerSecond, group)) / nodes) * renewSeconds,
      enter: at(enterCost, group),
      redirect: at(redirectCost, group) - at(enterCost, group),
      leave: at(leaveCost, group),
      call: at(callCost, group),
      takeOver: at(takeOver, group),
    }));
  } finally {
    meter.close();
    await Promise.all([living.kill(), doomed.kill()]);
  }
}

async function takeOverCost(
  meter: RedisMeter,
  { living, doomed }: { living: Nodes; doomed: Nodes },
  sessions: number,
  cost: (times: number, step: () => Promise<unknown>) => Promise<Cost>,
): Promise<Cost> {
  const [home = ""] = doomed.urls;
  const before = await meter.sessions();
  // A session without a room stays at the node that it came to.
  await forEach(Array(sessions).keys(), (n) => hello(home, `doomed-${n}`));
  await until(async () => (await meter.sessions()) === before + sessions, 60_000);
  return cost(sessions, async () => {
    await doomed.kill();
    await until(async () => (await meter.leases()) === living.urls.length, 60_000);
  });
}
