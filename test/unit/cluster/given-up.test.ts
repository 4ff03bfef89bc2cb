import { Writable } from "node:stream";
import { pino } from "pino";
import { expect, onTestFinished, test } from "vitest";
import { LocalView } from "../../../src/admin/local-view.js";
import { Journal } from "../../../src/observability/journal.js";
import { Metrics } from "../../../src/observability/metrics.js";
import { Timeline } from "../../../src/observability/timeline.js";
import { ClusterWorld, type ClusterNode } from "../../support/cluster-world.js";

interface Line {
  msg: string;
  reason?: string;
  fromNodeId?: string;
}

/** The node's log lines, metrics and views from now on. */
function observe({ world }: ClusterNode, nodeId: string) {
  const lines: Line[] = [];
  const written = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Line);
      done();
    },
  });
  const { clock, events, sweeps, rooms, registry, liveness, reaper } = world;
  const timeline = new Timeline();
  new Journal({ log: pino({ level: "debug" }, written), clock, liveness, timeline, nodeId }).follow(events, sweeps);
  const metrics = new Metrics({ version: "1", nodeVersion: "1", nodeId });
  onTestFinished(() => metrics.close());
  metrics.follow(events, sweeps);
  const about = () => ({ version: "1", uptimeSeconds: 0, draining: false });
  const view = new LocalView({ nodeId, rooms, registry, liveness, reaper, timeline, about });
  const steps = async (id: string) => (await view.timeline(id)).entries.map(({ step }) => step);
  return { lines, metrics, view, steps };
}

async function two(): Promise<[ClusterWorld, ClusterNode, ClusterNode]> {
  const world = new ClusterWorld(2);
  const [a, b] = await world.start();
  if (!a || !b) throw new Error("two nodes were asked for");
  return [world, a, b];
}

test("a handed-over session is reported as given up: nobody leaves, no end is counted, and its end has the reason handed_over", async () => {
  const [world, a, b] = await two();
  const [here, there] = [observe(a, "node-1"), observe(b, "node-2")];
  const { session } = await a.world.open("ada", "daily");
  await world.run(250);
  const drained = a.cluster.drain(4_000);
  await world.run(5_000);
  await drained;

  expect(here.lines.slice(-2)).toMatchObject([
    { msg: "session given up", reason: "handed_over", level: 30 },
    { msg: "cleanup verified", reason: "handed_over", level: 20 },
  ]);
  expect(await here.steps(session.id)).toEqual([
    "session opened",
    "joined room",
    "session given up",
    "cleanup verified",
  ]);
  expect(await here.view.session(session.id)).toMatchObject({
    state: "ended",
    roomId: "daily",
    end: { reason: "handed_over" },
  });
  const counted = await here.metrics.expose();
  expect(counted).toContain('lastseen_sessions_closed_total{reason="node_lost"} 0');
  expect(counted).toMatch(/lastseen_ghost_detection_seconds_count\{cause="node_lost"\} 0/);

  const adopted = there.lines.find(({ msg }) => msg === "session adopted");
  expect(adopted).toBeDefined();
  expect(adopted).not.toHaveProperty("fromNodeId");
});

test("when a node takes over a session from a frozen node, the frozen node logs it as fenced, and the other as taken from that node", async () => {
  const [world, a, b] = await two();
  const [here, there] = [observe(a, "node-1"), observe(b, "node-2")];
  const { session } = await a.world.open("ada", "daily");
  await world.run(250);
  world.stop(a);
  await world.run(15_000);
  expect(b.resume(session)).toBeDefined();
  await world.wake(a);
  await world.run(2_500);

  const given = here.lines
    .filter(({ msg }) => msg !== "away" && msg !== "back")
    .map(({ msg, reason }) => [msg, reason]);
  expect(given.slice(-2)).toEqual([
    ["session given up", "fenced"],
    ["cleanup verified", "fenced"],
  ]);
  expect(await here.view.session(session.id)).toMatchObject({ state: "ended", end: { reason: "fenced" } });
  expect(await here.metrics.expose()).toContain('lastseen_sessions_closed_total{reason="node_lost"} 0');
  expect(there.lines).toContainEqual(expect.objectContaining({ msg: "session adopted", fromNodeId: "node-1" }));
});

test("a client that does not reconnect after the takeover has left, and is logged and counted as node_lost", async () => {
  const [world, a, b] = await two();
  const there = observe(b, "node-2");
  const { session } = await a.world.open("ada", "daily");
  await world.run(250);
  world.stop(a);
  await world.run(45_000);
  expect(await there.steps(session.id)).toEqual(
    expect.arrayContaining(["session adopted", "ghost found", "left room", "session ended", "cleanup verified"]),
  );
  expect(await there.metrics.expose()).toContain('lastseen_sessions_closed_total{reason="node_lost"} 1');
});

test("a session that returns to the node that gave it up keeps its timeline until it ends", async () => {
  const [world, a, b] = await two();
  const here = observe(a, "node-1");
  const { session } = await a.world.open("ada", "daily");
  await world.run(250);
  world.stop(a);
  await world.run(15_000);
  expect(b.resume(session)).toBeDefined();
  await world.wake(a);
  await world.run(2_500);
  expect(await here.view.session(session.id)).toMatchObject({ state: "ended" });

  const away = b.find(session.id);
  const drained = b.cluster.drain(4_000);
  await world.run(5_000);
  await drained;
  const back = a.find(session.id);
  if (!away || !back) throw new Error("the session has not come back");
  expect(a.resume(away)).toBeDefined();
  await world.run(16 * 60_000, () => [{ node: a, session: back }]);
  // When a session ends, the node removes old entries from its list of ended sessions.
  const { session: bob } = await a.world.open("bob");
  await a.world.reaper.end(bob, { reason: "left" });
  expect((await here.steps(session.id)).slice(0, 4)).toEqual([
    "session opened",
    "joined room",
    "session given up",
    "cleanup verified",
  ]);
});
