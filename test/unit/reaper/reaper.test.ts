import { expect, test } from "vitest";
import type { CleanupStep } from "../../../src/reaper/cleanup.js";
import { World } from "../../support/world.js";

function failingStep(failures: number): CleanupStep & { runs: number } {
  return {
    name: "stubborn",
    scope: "room",
    runs: 0,
    run() {
      this.runs += 1;
      if (this.runs <= failures) throw new Error(`failure ${this.runs}`);
    },
  };
}

test("two cleanups of one session at the same time run only once", async () => {
  const world = new World();
  const { session } = await world.open("ada", "daily");
  const { connection: other } = await world.open("bob", "daily");
  const results = await Promise.all([
    world.reaper.end(session, { reason: "kicked" }),
    world.reaper.end(session, { reason: "idle" }),
    world.reaper.leaveRoom(session, { reason: "left" }),
  ]);
  expect(results).toEqual([true, false, false]);
  expect(other.types().filter((type) => type === "user_left")).toHaveLength(1);
  expect(world.steps("ada")).toEqual(["left: kicked", "ended: kicked", "cleaned: clean"]);
});

test("leaving a room twice tells the others once, and the session goes on", async () => {
  const world = new World();
  const { session } = await world.open("ada", "daily");
  const { connection: other } = await world.open("bob", "daily");
  expect(await world.reaper.leaveRoom(session, { reason: "left" })).toBe(true);
  expect(await world.reaper.leaveRoom(session, { reason: "left" })).toBe(false);
  expect(other.types().filter((type) => type === "user_left")).toHaveLength(1);
  expect(session.status).toBe("open");
  expect(await world.directory.counts()).toEqual({ rooms: 1, sessions: 2 });
  expect(await world.directory.findSession(session.id)).toMatchObject({ roomId: undefined });
});

test("when a step fails, the others run; the failed step is tried again after 1, 2 and 4 s", async () => {
  const step = failingStep(3);
  const world = new World({ extraSteps: [step] });
  const { session } = await world.open("ada", "daily");
  const { connection: other } = await world.open("bob", "daily");
  await world.reaper.end(session, { reason: "left" });
  expect(other.types()).toContain("user_left");
  expect(world.registry.find(session.id)).toBeUndefined();
  expect(step.runs).toBe(1);
  await world.clock.advance(1_000);
  expect(step.runs).toBe(2);
  await world.clock.advance(1_999);
  expect(step.runs).toBe(2);
  await world.clock.advance(1);
  expect(step.runs).toBe(3);
  await world.clock.advance(4_000);
  expect(step.runs).toBe(4);
  expect(world.steps("ada").at(-1)).toBe("cleaned: retried");
  expect(world.reaper.unfinished).toBe(0);
  expect(world.reaper.retries).toBe(3);
  expect(other.types().filter((type) => type === "user_left")).toHaveLength(1);
});

test("a cleanup that keeps failing is stuck: it is visible and tried again only with each sweep", async () => {
  const step = failingStep(5);
  const world = new World({ extraSteps: [step] });
  const { session } = await world.open("ada", "daily");
  await world.reaper.end(session, { reason: "left" });
  await world.clock.advance(60_000);
  expect(step.runs).toBe(4);
  expect(world.reaper.stuck).toHaveLength(1);
  expect(world.steps("ada").at(-1)).toBe("cleaned: stuck");
  await world.sweeper.sweep();
  expect(step.runs).toBe(5);
  expect(world.reaper.stuck).toHaveLength(1);
  await world.sweeper.sweep();
  expect(step.runs).toBe(6);
  expect(world.reaper.stuck).toHaveLength(0);
  expect(world.steps("ada").at(-1)).toBe("cleaned: retried");
});

test("a claimed session cannot be resumed", async () => {
  const world = new World();
  const { session, connection } = await world.open("ada", "daily");
  const { id: sessionId } = session;
  const resumeToken = session.resumeToken.text ?? "";
  void world.reaper.end(session, { reason: "idle" });
  const outcome = world.sessions.resume({ sessionId, resumeToken }, session.identity, connection);
  expect(outcome).toMatchObject({ kind: "refused" });
  world.liveness.heard(session);
  expect(session.expiry.list).toBeUndefined();
});

test("after close() no timer is left", async () => {
  const world = new World({ extraSteps: [failingStep(99)] });
  const { session } = await world.open("ada", "daily");
  await world.reaper.end(session, { reason: "left" });
  await world.close();
  expect(world.clock.pendingTimers).toBe(0);
});
