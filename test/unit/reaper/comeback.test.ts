import { expect, test } from "vitest";
import { World } from "../../support/world.js";

/** The process runs for `runsMs` and then stands still for `stallMs`, again and again. */
async function stutter(world: World, rounds: number, runsMs: number, stallMs: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    world.clock.stall(stallMs);
    await world.run(runsMs);
  }
}

const leftOf = (world: World, userId: string) => world.steps(userId).find((step) => step.startsWith("left"));

test("a process that stands still for 6 s every 20 s still reaps its ghosts, in bounded time", async () => {
  const world = new World();
  const { session, connection } = await world.open("ghost", "daily");
  await world.run(1_000);
  world.sessions.detach(session, connection, 1006);
  // Its deadline of 20 s, the comeback of 20 s and the slack of a sweep; the time that the process stood still is added.
  await stutter(world, 3, 14_000, 6_000);
  expect(leftOf(world, "ghost")).toBe("left: disconnected");
});

test("a process that stands still most of the time reaps its ghosts too", async () => {
  const world = new World();
  const { session, connection } = await world.open("ghost", "daily");
  world.sessions.detach(session, connection, 1001);
  // Two watches between two stalls, which is three quarters of a second of virtual time.
  await stutter(world, 36, 500, 8_000);
  expect(leftOf(world, "ghost")).toBe("left: disconnected");
});

test("clients that had lost their connection before a stall have time to come back after it", async () => {
  const world = new World();
  const people = await Promise.all(Array.from({ length: 10 }, (_, index) => world.open(`live-${index}`, "daily")));
  await world.run(10_000);
  for (const { session, connection } of people) world.sessions.detach(session, connection, 1006);
  await world.run(15_000);
  world.clock.stall(60_000);
  await world.run(18_000);
  expect(people.map(({ session }) => session.status)).toEqual(people.map(() => "open"));
  for (const { session, connection } of people) {
    const ticket = { sessionId: session.id, resumeToken: session.resumeToken.text ?? "" };
    expect(world.sessions.resume(ticket, session.identity, connection).kind).toBe("resumed");
  }
  await world.run(15_000);
  expect(world.log.filter(({ step }) => step === "left")).toEqual([]);
});

test("pages that were closed during a stall are gone within 8 s after it", async () => {
  const world = new World();
  const { session, connection } = await world.open("ghost", "daily");
  const { session: killed, connection: itsConnection } = await world.open("killed", "daily");
  await world.run(5_000);
  world.clock.stall(30_000);
  await world.run(250);
  world.sessions.detach(session, connection, 1001);
  world.sessions.detach(killed, itsConnection, 1006, true);
  await world.run(7_500);
  expect([leftOf(world, "ghost"), leftOf(world, "killed")]).toEqual(["left: disconnected", "left: disconnected"]);
});

test("a client that is coming back after a stall survives a second stall", async () => {
  const world = new World();
  const { session, connection } = await world.open("live", "daily");
  await world.run(5_000);
  world.sessions.detach(session, connection, 1006);
  await world.run(12_000);
  world.clock.stall(10_000);
  await world.run(16_000);
  world.clock.stall(10_000);
  await world.run(5_000);
  expect(session.status).toBe("open");
});

test("a process that is always a little late moves no deadline", async () => {
  const world = new World();
  const { session, connection } = await world.open("ghost", "daily");
  const startedAt = world.clock.mono();
  world.sessions.detach(session, connection, 1006);
  while (session.status === "open" && world.clock.mono() < startedAt + 60_000) {
    world.clock.stall(1_500);
    await world.sweeper.watch();
  }
  expect(world.clock.mono() - startedAt).toBeLessThan(22_000);
});

test("without a stall every ghost is reaped at its deadline", async () => {
  const world = new World();
  const { session, connection } = await world.open("ghost", "daily");
  await world.run(1_000);
  world.sessions.detach(session, connection, 1001);
  await world.run(5_250);
  expect(leftOf(world, "ghost")).toBe("left: disconnected");
});
