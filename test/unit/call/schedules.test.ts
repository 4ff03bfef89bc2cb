import assert from "node:assert/strict";
import { test } from "vitest";
import { Random } from "../../support/random.js";
import { expectConsistent } from "./consistent.js";
import { CallWorld, RING_MS, accept, start, stop, type Device, type Faults } from "./call-world.js";

const USERS = ["ada", "bob", "cy"] as const;

/** A random action of a random user. The actions of several users run at the same time. */
async function act(world: CallWorld, devices: Device[]): Promise<void> {
  const { random } = world;
  const device = devices[random.below(devices.length)];
  if (!device || device.session.status !== "open") {
    devices.push(await world.node(random.below(world.nodes.length)).open(random.pick(USERS)));
    return;
  }
  const calls = [...device.client.live];
  const [callId, state] = calls[random.below(calls.length)] ?? [];
  const what = random.below(20);
  if (what === 0) device.node.end(device, random.pick(["left", "disconnected", "kicked"]));
  else if (what === 1) devices.push(await world.node(random.below(world.nodes.length)).open(device.session.userId));
  else if (callId === undefined || what < 4) await start(device, random.pick(USERS));
  else if (state === "active") await stop(device, "hangUp", callId);
  else if (what < 12) await accept(device, callId);
  else await stop(device, random.pick(["decline", "cancel", "hangUp"]), callId);
}

async function run(seed: number, faults: Partial<Faults>): Promise<void> {
  const random = new Random(seed);
  const world = await CallWorld.create(1 + random.below(3), random);
  const devices: Device[] = [];
  for (const userId of USERS) devices.push(await world.node(random.below(world.nodes.length)).open(userId));
  const watcher = await world.node(0).open("watcher");
  await world
    .node(0)
    .telephony.statuses.watch(watcher.session, USERS, (shown) => watcher.client.statuses.push(...shown));
  await world.settle();
  Object.assign(world.faults, faults);
  for (let round = 0; round < 4; round += 1) {
    await Promise.all(Array.from({ length: 1 + random.below(5) }, () => act(world, devices)));
    if (random.below(3) === 0) await world.settle();
  }
  await world.settle();
  const hasNoFaults = !faults.storeFails && !faults.messageLost;
  if (hasNoFaults) await expectConsistent(world, devices, USERS);

  Object.assign(world.faults, { storeFails: 0, messageLost: 0 });
  await world.clock.advance(RING_MS + 5_000);
  await expectConsistent(world, devices, USERS);
  const shown = new Map(watcher.client.statuses.map(({ userId, status }) => [userId, status]));
  for (const userId of USERS) {
    const { status } = await world.node(0).telephony.presence.statusOf(userId);
    assert.equal(shown.get(userId), status, `the status of ${userId}`);
  }
  for (const device of devices) device.node.end(device);
  await world.settle();
  for (const userId of USERS) assert.equal(await world.calls.ofUser(userId), undefined, `${userId} is still in a call`);
  await world.close();
  await world.settle();
  assert.equal(world.clock.pendingTimers, 0, "timers");
}

async function runAll(count: number, faults: Partial<Faults>): Promise<void> {
  const only = Number(process.env["CALL_SEED"] ?? 0);
  const seeds = only > 0 ? [only] : Array.from({ length: count }, (_, n) => n + 1);
  for (const seed of seeds) {
    try {
      await run(seed, faults);
    } catch (error) {
      throw new Error(`CALL_SEED=${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
}

test("in 10,000 random schedules both sides see the same call, and nothing remains", { timeout: 300_000 }, () =>
  runAll(10_000, {}),
);

test("both sides see the same call after messages between nodes were lost", { timeout: 120_000 }, () =>
  runAll(1_000, { messageLost: 0.3 }),
);

test(
  "both sides see the same call after a time in which the store failed, and did some of the failed requests",
  { timeout: 120_000 },
  () => runAll(2_000, { storeFails: 0.15, messageLost: 0.1 }),
);
