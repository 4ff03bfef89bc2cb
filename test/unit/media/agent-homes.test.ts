import { expect, test } from "vitest";
import type { AgentOrder, SessionReport } from "@lastseen/protocol/agent";
import type { AgentVisit } from "../../../src/ports/agent-links.js";
import { AgentPlane } from "../../../src/media/agents/agent-plane.js";
import { MemoryBus, MemoryHub } from "../../../src/memory/memory-bus.js";
import { ManualClock } from "../../support/manual-clock.js";

const nothing = (): void => {};
const SILENCE_MS = 3_000;

const REPORT: SessionReport = {
  sessionId: "s",
  transportIds: ["t"],
  transports: 1,
  producers: 1,
  consumers: 0,
  connectivity: "connected",
  isSilent: false,
  wasKnown: false,
};
const GONE: SessionReport = { ...REPORT, transportIds: [], transports: 0, producers: 0, connectivity: "none" };

/** Nodes with the media plane of agents, and a directory that says what the test says. */
function create(...names: string[]) {
  const clock = new ManualClock();
  const hub = new MemoryHub();
  /** The node of the session; undefined: none. */
  const placed = { at: undefined as string | undefined };
  /** The sessions that were looked up in the directory. */
  const lookedUp: string[] = [];
  const stopped = new Set<string>();
  const warnings: string[] = [];
  const warn = (_fields: object, message: string): void => void warnings.push(message);
  const logger = { debug: nothing, info: nothing, warn, error: warn };
  /** Nodes from which nothing arrives at the moment, and what they send then. */
  const slow = { nodes: new Set<string>(), sent: [] as (() => void)[] };
  const open = (nodeId: string) => {
    const bus = new MemoryBus(hub, nodeId, (error) => {
      throw error;
    });
    const send = bus.send.bind(bus);
    bus.send = (...message) =>
      slow.nodes.has(nodeId) ? void slow.sent.push(() => send(...message)) : send(...message);
    const findSessions = async (ids: readonly string[]) => {
      lookedUp.push(...ids);
      return placed.at === undefined ? [] : ids.map((sessionId) => ({ sessionId, nodeId: placed.at }) as never);
    };
    const plane = new AgentPlane({
      clock,
      bus,
      directory: { nodeId, findSessions },
      logger,
      version: "0.0.0",
      silenceMs: SILENCE_MS,
    });
    const die = (): void => {
      stopped.add(nodeId);
      void bus.close();
    };
    return { plane, die };
  };
  const nodes = new Map(names.map((name) => [name, open(name)]));
  const node = (name: string): ReturnType<typeof open> => nodes.get(name) ?? open(name);
  /** Lets time pass. */
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 250) {
      for (const [name, { plane }] of nodes) if (!stopped.has(name)) plane.lookForSilence(SILENCE_MS);
      await clock.advance(250);
    }
  };
  return { node, placed, pass, slow, warnings, lookedUp };
}

/** An agent that is connected to a node. */
function connect(plane: AgentPlane, link = 1) {
  const orders: AgentOrder[] = [];
  const send = (order: AgentOrder): void => void orders.push(order);
  const close = (): void => visit.ended();
  const hello = { agentId: "a", name: "media-1", host: "somewhere", pid: 1, version: "0.0.0", link };
  const visit = plane.entrance.enter({ type: "hello", ...hello }, { address: "somewhere", send, close }) as AgentVisit;
  const report = (...sessions: SessionReport[]): void => visit.received({ type: "sessions", sessions });
  return { orders, report, complete: () => visit.received({ type: "complete" }), leave: () => visit.ended() };
}

const transportsAt = async (plane: AgentPlane): Promise<number> => (await plane.join("room", "s")).counts().transports;

test("when the node of a session dies and nobody asks for its media, the agent's node finds the next one by itself", async () => {
  const { node, placed, pass } = create("near", "far", "third");
  node("far").plane.openSession("s", false);
  placed.at = "far";
  connect(node("near").plane).report(REPORT);
  await pass(1_000);
  expect(await transportsAt(node("far").plane)).toBe(1);

  node("far").die();
  // It takes the session over; its question is lost.
  node("third").plane.openSession("s", false);
  placed.at = "third";
  await pass(40_000);
  expect(await transportsAt(node("third").plane)).toBe(1);
});

test("when the node of a session dies and no other one takes the session over, its media is an orphan", async () => {
  const { node, placed, pass } = create("near", "far");
  node("far").plane.openSession("s", false);
  placed.at = "far";
  connect(node("near").plane).report(REPORT);
  await pass(1_000);
  node("far").die();
  placed.at = undefined;
  await pass(40_000);
  expect(node("near").plane.findOrphans(() => false)).toEqual([{ kind: "transport", id: "t", sessionId: "s" }]);
});

test("a node learns that media has gone, also when that happened before it had said that it holds the session", async () => {
  const { node, placed, pass, slow } = create("near", "far");
  const { plane } = node("far");
  plane.openSession("s", false);
  placed.at = "far";
  slow.nodes.add("far");
  const agent = connect(node("near").plane);
  agent.report(REPORT);
  await pass(1_000);
  agent.report(GONE);
  agent.complete();
  slow.nodes.clear();
  for (const send of slow.sent) send();
  await pass(160_000);
  expect(await transportsAt(plane)).toBe(0);
});

test("media that ended while its agent went from one node to another counts no more", async () => {
  const { node, placed, pass } = create("one", "other", "far");
  const { plane } = node("far");
  plane.openSession("s", false);
  placed.at = "far";
  const before = connect(node("one").plane);
  before.report(REPORT);
  await pass(1_000);
  before.leave();
  connect(node("other").plane, 2).complete();
  await pass(160_000);
  expect(await transportsAt(plane)).toBe(0);
});

test("an agent that is at another node before its old socket has ended is away for nobody, and no log says so", async () => {
  const { node, placed, pass, warnings } = create("one", "other");
  node("one").plane.openSession("s", false);
  placed.at = "one";
  connect(node("one").plane).report(REPORT);
  const after = connect(node("other").plane, 2);
  after.report(REPORT);
  after.complete();
  await pass(1_000);
  expect(node("one").plane.agents).toMatchObject([{ agentId: "a", state: "connected", nodeId: "other" }]);
  expect(await transportsAt(node("one").plane)).toBe(1);
  expect(warnings).toEqual([]);
});

test("of the many sessions of a dead node each is looked up before any is looked up again", async () => {
  const { node, placed, pass, lookedUp } = create("near", "far");
  placed.at = "far";
  const reports = Array.from({ length: 20_000 }, (_, n) => ({
    ...REPORT,
    sessionId: `s${n}`,
    transportIds: [`t${n}`],
  }));
  connect(node("near").plane).report(...reports);
  while (lookedUp.length < reports.length) await pass(250);
  expect(new Set(lookedUp.slice(0, reports.length)).size).toBe(reports.length);
});
