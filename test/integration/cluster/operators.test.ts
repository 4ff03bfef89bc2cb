import { expect, test } from "vitest";
import { Fleet } from "../../support/fleet.js";
import type { ServiceProcess } from "../../support/service-process.js";
import { TestClient } from "../../support/test-client.js";
import { until } from "../../support/until.js";

test("the session list names a node that does not answer, and a request that needs this node can be repeated", async () => {
  const fleet = await Fleet.start(2);
  const [stopped, asked] = fleet.nodes;
  if (!stopped || !asked) throw new Error("two nodes were asked for");
  const ada = await TestClient.open(stopped.ws);
  const { sessionId } = await ada.request("hello", { user: { id: "ada" }, tabId: "t1" });
  await ada.request("join", { roomId: "daily" });
  const kick = () => fetch(`${asked.http}/api/sessions/${sessionId}`, { method: "DELETE" });

  stopped.signal("SIGSTOP");
  try {
    const sessions = await fetch(`${asked.http}/api/sessions`);
    expect(await sessions.json()).toMatchObject({ sessions: [], missing: ["node-1"] });
    const refused = await kick();
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({
      error: { code: "overloaded", message: "Node node-1 does not answer." },
    });
    expect((await fetch(`${asked.http}/api/rooms/daily`)).status).toBe(503);
    expect((await fetch(`${asked.http}/api/rooms/weekly`)).status).toBe(404);
  } finally {
    stopped.signal("SIGCONT");
  }
  // The node now does the requests that came while it stood still.
  expect(await ada.closed()).toBe(4403);
  // Right after the stop it may still be too busy to answer in time.
  await expect.poll(async () => (await kick()).status).toBe(404);
});

test("every node lists all nodes, and finds a session that ended on another node, but none that was handed over", async () => {
  const fleet = await Fleet.start(2, { DRAIN_TIMEOUT_MS: "1000" });
  const [first, second] = fleet.nodes;
  if (!first || !second) throw new Error("two nodes were asked for");
  const [ada, bob] = [await TestClient.open(first.ws), await TestClient.open(first.ws)];
  const { sessionId } = await ada.request("hello", { user: { id: "ada", name: "Ada" }, tabId: "t1" });
  await bob.request("hello", { user: { id: "bob" }, tabId: "t1" });
  const ask = async (path: string) =>
    (await (await fetch(`${second.http}/api/${path}`)).json()) as Record<string, { nodeId?: string; id?: string }[]>;

  await expect
    .poll(async () => (await ask("nodes"))["nodes"]?.map(({ nodeId }) => nodeId))
    .toEqual(["node-2", "node-1"]);
  expect((await ask("nodes"))["nodes"]?.[1]).toMatchObject({ sessions: 2, rooms: 0, participants: 0, draining: false });
  await fetch(`${second.http}/api/sessions/${sessionId}`, { method: "DELETE" });
  await expect
    .poll(() => ask("sessions?state=ended&search=ada"))
    .toMatchObject({
      sessions: [{ id: sessionId, nodeId: "node-1", end: { reason: "kicked" } }],
      total: 1,
    });

  await fetch(`${first.http}/api/drain`, { method: "POST" });
  expect(await bob.closed()).toBe(1012);
  await until(() => first.log.some(({ msg }) => msg === "drained"));
  expect((await ask("sessions?state=ended"))["sessions"]?.map(({ id }) => id)).toEqual([sessionId]);
  expect((await ask("nodes"))["nodes"]?.[1]).toMatchObject({ nodeId: "node-1", draining: true, sessions: 0 });
});

test("a drained node shows its people alive where they are now, with both parts of their story, and kicks them there", async () => {
  const fleet = await Fleet.start(2, { DRAIN_TIMEOUT_MS: "1000" });
  const [drained, successor] = fleet.nodes;
  if (!drained || !successor) throw new Error("two nodes were asked for");
  const ada = await TestClient.open(drained.ws);
  const { sessionId, resumeToken } = await ada.request("hello", { user: { id: "ada" }, tabId: "t1" });
  await ada.request("join", { roomId: "daily" });
  const ask = async (node: ServiceProcess, path: string): Promise<unknown> =>
    (await fetch(`${node.http}/${path}`)).json();
  const session = (node: ServiceProcess): Promise<unknown> => ask(node, `api/sessions/${sessionId}`);
  expect(await ask(drained, "api/health")).toMatchObject({ draining: false, sessions: 1 });

  await fetch(`${drained.http}/api/drain`, { method: "POST" });
  expect(await ada.closed()).toBe(1012);
  await until(() => drained.log.some(({ msg }) => msg === "drained"));
  expect(await ask(drained, "api/health")).toMatchObject({ draining: true, sessions: 0 });
  expect(await ask(drained, "health/ready")).toMatchObject({ draining: true, reasons: ["draining"] });
  const again = await TestClient.open(successor.ws);
  await again.request("hello", { user: { id: "ada" }, tabId: "t1", resume: { sessionId, resumeToken } });

  for (const node of [drained, successor]) {
    // Only the successor knows. The test asks again when a node was too busy to answer in time.
    const present = { state: "present", nodeId: "node-2", roomId: "daily", end: null };
    await expect.poll(() => session(node)).toMatchObject(present);
    const part = async (steps: readonly string[]) =>
      (await fleet.timeline(node, sessionId)).filter((step) => steps.includes(step));
    const before = ["session opened", "joined room", "session given up"];
    const after = ["session adopted", "session resumed"];
    await expect.poll(() => part(before)).toEqual(before);
    await expect.poll(() => part(after)).toEqual(after);
    // Each node has its own clock, so the order is not certain at the place where the two parts meet.
    const story = await part(["session opened", "joined room", "session resumed"]);
    expect(story).toEqual(["session opened", "joined room", "session resumed"]);
  }
  expect(await fleet.metric(drained, 'lastseen_sessions_closed_total{reason="node_lost"}')).toBe(0);

  const kicked = await fetch(`${drained.http}/api/sessions/${sessionId}`, { method: "DELETE" });
  expect(kicked.status).toBe(204);
  expect(await again.closed()).toBe(4403);
  // Each node has seen an end of the session. The later end counts.
  // The node that carried out the kick knows who asked the other node for it.
  const by = { name: "nobody", address: "127.0.0.1" };
  const line = (node: ServiceProcess, msg: string) => node.log.find((one) => one.msg === msg);
  await until(() => line(successor, "session ended") !== undefined);
  expect(line(successor, "session ended")).toMatchObject({ sessionId, reason: "kicked", by });
  expect(line(drained, "session given up")).toMatchObject({ sessionId, reason: "handed_over", by });
  expect(line(drained, "draining")).toMatchObject({ by });
  for (const node of [drained, successor]) {
    const ended = { state: "ended", nodeId: "node-2", end: { reason: "kicked" } };
    await expect.poll(() => session(node)).toMatchObject(ended);
  }
});
