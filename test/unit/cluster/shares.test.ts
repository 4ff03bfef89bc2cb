import { expect, test } from "vitest";
import { sharesFor } from "../../../src/cluster/shares.js";
import type { NodeView } from "../../../src/ports/directory.js";
import { Random } from "../../support/random.js";

const NOBODY: ReadonlySet<string> = new Set();

function node(nodeId: string, sessions: number, more: Partial<NodeView> = {}): NodeView {
  const rest = { epoch: 1, url: `http://${nodeId}`, rooms: 0, draining: false, expired: false, sent: 0 };
  return { nodeId, sessions, ...rest, ...more };
}

function given(nodes: readonly NodeView[], nodeId: string, more: Partial<Parameters<typeof sharesFor>[0]> = {}) {
  const shares = sharesFor({ nodes, nodeId, receiving: NOBODY, unreachable: NOBODY, ...more });
  return shares.map(({ to, sessions }) => [to.nodeId, sessions]);
}

test("each node gives its part of what the added node lacks, and together they give what it lacks", () => {
  const nodes = [node("a", 1_000), node("b", 1_000), node("c", 1_000), node("added", 0)];
  for (const nodeId of ["a", "b", "c"]) expect(given(nodes, nodeId)).toEqual([["added", 250]]);
  expect(given(nodes, "added")).toEqual([]);
});

test("a node that has more gives more, and a node below the mean gives nothing", () => {
  const nodes = [node("a", 2_400), node("b", 1_200), node("c", 400), node("added", 0)];
  expect(given(nodes, "a")).toEqual([
    ["c", 525],
    ["added", 875],
  ]);
  expect(given(nodes, "b").map(([, sessions]) => sessions)).toEqual([75, 125]);
  expect(given(nodes, "c")).toEqual([]);
});

test("small differences move nobody; a move that has begun goes on until the node has nearly its share", () => {
  const nodes = [node("a", 1_070), node("b", 930)];
  expect(given(nodes, "a")).toEqual([]);
  expect(given(nodes, "a", { receiving: new Set(["b"]) })).toEqual([["b", 70]]);
  expect(given([node("a", 1_010), node("b", 990)], "a", { receiving: new Set(["b"]) })).toEqual([]);
  expect(given([node("a", 12), node("b", 0)], "a")).toEqual([]);
});

test("nothing moves while a node dies, drains or has just started again, and nothing to a node that clients cannot reach", () => {
  const crowded = [node("a", 1_000), node("b", 0)];
  expect(given([...crowded, node("c", 500, { expired: true })], "a")).toEqual([]);
  expect(given([...crowded, node("c", 500, { draining: true })], "a")).toEqual([]);
  expect(given([...crowded, node("b", 0, { epoch: 2 })], "a")).toEqual([]);
  expect(given(crowded, "a", { unreachable: new Set(["b"]) })).toEqual([]);
  expect(given([node("a", 1_000), node("b", 0, { url: undefined })], "a")).toEqual([]);
  expect(given([node("a", 1_000, { draining: true }), node("b", 0)], "a")).toEqual([]);
});

test("a node that was drained and stays empty does not count", () => {
  const nodes = [node("a", 1_000), node("b", 0), node("drained", 0, { draining: true })];
  expect(given(nodes, "a")).toEqual([["b", 500]]);
});

test("the moves end: in 500 random clusters nobody gives below the mean or gets above it, and nobody gives what it got", () => {
  const random = new Random(20);
  for (let round = 0; round < 500; round += 1) {
    const counts = new Map(
      Array.from({ length: 2 + random.below(8) }, (_, n) => [`n${n}`, random.below(3) * random.below(5_000)]),
    );
    const mean = [...counts.values()].reduce((sum, each) => sum + each, 0) / counts.size;
    const receiving = new Map([...counts.keys()].map((nodeId) => [nodeId, new Set<string>()]));
    const moved = { from: new Set<string>(), to: new Set<string>() };
    let isQuiet = false;
    for (let step = 0; step < 500 && !isQuiet; step += 1) {
      // All nodes decide from the same view, and each carries out a random part of its decision.
      const view = [...counts].map(([nodeId, sessions]) => node(nodeId, sessions));
      isQuiet = true;
      for (const [nodeId, names] of receiving) {
        const shares = sharesFor({ nodes: view, nodeId, receiving: names, unreachable: NOBODY });
        names.clear();
        for (const { to, sessions } of shares) {
          isQuiet = false;
          names.add(to.nodeId);
          const part = 1 + random.below(sessions);
          counts.set(nodeId, (counts.get(nodeId) ?? 0) - part);
          counts.set(to.nodeId, (counts.get(to.nodeId) ?? 0) + part);
          moved.from.add(nodeId);
          moved.to.add(to.nodeId);
        }
      }
      for (const nodeId of moved.from) expect(counts.get(nodeId)).toBeGreaterThanOrEqual(Math.floor(mean));
      for (const nodeId of moved.to) expect(counts.get(nodeId)).toBeLessThanOrEqual(Math.ceil(mean));
    }
    expect(isQuiet).toBe(true);
    expect([...moved.from].filter((nodeId) => moved.to.has(nodeId))).toEqual([]);
    for (const sessions of counts.values()) if (mean > 100) expect(sessions).toBeGreaterThanOrEqual(0.8 * mean);
  }
});
