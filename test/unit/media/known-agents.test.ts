import { expect, test } from "vitest";
import { KnownAgents } from "../../../src/media/agents/known-agents.js";
import { sightOf, warningsOf } from "../../../src/media/agents/agents-sight.js";
import type { AgentNotice } from "../../../src/ports/node-messages.js";
import { ManualClock } from "../../support/manual-clock.js";

function notice(agentId: string, change: Partial<AgentNotice> = {}): AgentNotice {
  return {
    agentId,
    name: agentId,
    host: "here",
    pid: 1,
    version: "1",
    link: 1,
    state: "connected",
    since: 0,
    ...change,
  };
}

function create() {
  const clock = new ManualClock();
  const told: string[] = [];
  const agents = new KnownAgents({
    clock,
    nodeId: "own",
    onAway: (id) => void told.push(`${id} away`),
    onGone: (id) => void told.push(`${id} gone`),
  });
  const pass = (ms: number): void => {
    void clock.advance(ms);
    agents.tick();
  };
  return { agents, told, pass };
}

test("an agent of another node is away when that node does not speak of it for half a minute", () => {
  const { agents, told, pass } = create();
  agents.noticed(notice("a"), "other");
  pass(25_000);
  agents.noticed(notice("a"), "other");
  pass(25_000);
  expect(told).toEqual([]);
  pass(6_000);
  expect(told).toEqual(["a away"]);
  agents.noticed(notice("a"), "other");
  expect(agents.find("a")).toMatchObject({ state: "connected", via: "other" });
});

test("an agent of this node is away only when this node says so", () => {
  const { agents, told, pass } = create();
  agents.noticed(notice("a"), "own");
  pass(100_000);
  expect(told).toEqual([]);
});

test("nobody waits for an agent that is away for two minutes, and operators see it for ten", () => {
  const { agents, told, pass } = create();
  agents.noticed(notice("a", { state: "away" }), "own");
  pass(119_000);
  expect(told).toEqual(["a away"]);
  pass(2_000);
  expect(told).toEqual(["a away", "a gone"]);
  expect(agents.all()).toMatchObject([{ agentId: "a", state: "away", isGivenUp: true }]);
  pass(480_000);
  expect(agents.all()).toEqual([]);
  expect(told).toHaveLength(2);
});

test("an agent that nobody waits for is counted as lost once, by its own node", () => {
  const { agents, pass } = create();
  agents.noticed(notice("a", { state: "away" }), "own");
  agents.noticed(notice("b", { state: "away" }), "other");
  agents.noticed(notice("c", { state: "away" }), "own");
  pass(60_000);
  agents.noticed(notice("c", { link: 2 }), "own");
  expect(agents.lost).toBe(0);
  pass(61_000);
  expect(agents.lost).toBe(1);
  pass(300_000);
  expect(agents.lost).toBe(1);
});

test("an agent that nobody waits for may come back", () => {
  const { agents, pass } = create();
  agents.noticed(notice("a", { state: "away" }), "own");
  pass(130_000);
  agents.noticed(notice("a", { link: 2 }), "own");
  expect(agents.find("a")).toMatchObject({ state: "connected", isGivenUp: false });
});

test("of two connections of an agent the one with the higher number counts, wherever it is", () => {
  const { agents } = create();
  expect(agents.noticed(notice("a", { link: 2 }), "other")).toBe(true);
  expect(agents.noticed(notice("a", { link: 1 }), "own")).toBe(false);
  expect(agents.noticed(notice("a", { link: 2 }), "own")).toBe(false);
  expect(agents.noticed(notice("a", { link: 3 }), "own")).toBe(true);
  expect(agents.find("a")).toMatchObject({ link: 3, via: "own" });
});

test("the agents together see all media only when each of them is connected and sees all", () => {
  const { agents } = create();
  const sight = () => sightOf(agents.all());
  expect(sight()).toMatchObject({ state: "unseen", why: expect.stringContaining("No agent is connected") });
  agents.noticed(notice("a"), "own");
  expect(sight()).toEqual({ state: "seen" });
  agents.noticed(notice("b", { unseenWhy: "it has two copies" }), "own");
  expect(sight()).toEqual({ state: "unseen", why: 'the agent "b" on here: it has two copies' });
  agents.noticed(notice("b", { state: "away" }), "own");
  expect(sight()).toMatchObject({
    state: "unseen",
    why: expect.stringContaining('Nobody hears the agent "b" on here'),
  });
  agents.noticed(notice("b", { state: "gone" }), "own");
  expect(sight()).toEqual({ state: "seen" });
});

test("operators are warned of agents with the same name", () => {
  const { agents } = create();
  agents.noticed(notice("a", { name: "media" }), "own");
  expect(warningsOf(agents)).toEqual([]);
  agents.noticed(notice("b", { name: "media" }), "other");
  expect(warningsOf(agents)).toEqual([expect.stringContaining('"media"')]);
});
