import { expect, test } from "vitest";
import { Heirs } from "../../../src/cluster/heirs.js";
import type { NodeView } from "../../../src/ports/directory.js";

function node(nodeId: string, sessions: number, more: Partial<NodeView> = {}): NodeView {
  const rest = { epoch: 1, url: `http://${nodeId}`, rooms: 0, draining: false, expired: false, sent: 0 };
  return { nodeId, sessions, ...rest, ...more };
}

/** What a node knows of the others, until it renews its lease. */
function known(...first: NodeView[]) {
  const state = {
    nodes: first,
    get others(): NodeView[] {
      return state.nodes;
    },
    renew: (...nodes: NodeView[]) => void (state.nodes = nodes),
  };
  return state;
}

/** Gives sessions, and answers at once. */
async function give(heirs: Heirs, sessions: number): Promise<string | undefined> {
  let to: string | undefined;
  await heirs.give(sessions, async ({ nodeId }) => ((to = nodeId), true));
  return to;
}

test("what was given counts at once, although the nodes have not renewed their leases since then", async () => {
  const heirs = new Heirs(known(node("a", 0), node("b", 0)));
  const to = [];
  for (let n = 0; n < 10; n++) to.push(await give(heirs, 10));
  expect(to.filter((each) => each === "a")).toHaveLength(5);
});

test("the node with the fewest sessions gets all until the others have as few", async () => {
  const heirs = new Heirs(known(node("full", 100), node("empty", 0), node("half", 50)));
  const to = [];
  for (let n = 0; n < 15; n++) to.push(await give(heirs, 10));
  expect(to.slice(0, 5)).toEqual(Array(5).fill("empty"));
  expect(to.slice(5)).not.toContain("full");
});

test("a renewal counts what was answered before it, so that nothing counts twice and nothing is forgotten", async () => {
  const nodes = known(node("a", 0), node("b", 5));
  const heirs = new Heirs(nodes);
  expect(await give(heirs, 10)).toBe("a");
  let answer = (_isTaken: boolean): void => {};
  const underWay = heirs.give(
    10,
    ({ nodeId }) => new Promise((resolve) => (expect(nodeId).toBe("b"), (answer = resolve))),
  );
  // The ten of `a` are in this view; the ten that are on their way to `b` are not.
  nodes.renew(node("a", 10), node("b", 5));
  expect(await give(heirs, 1)).toBe("a");
  answer(true);
  await underWay;
  expect(await give(heirs, 1)).toBe("a");
  nodes.renew(node("a", 12), node("b", 5));
  expect(await give(heirs, 1)).toBe("b");
});

test("nodes that drain, that have no URL or that refused get nothing", async () => {
  const heirs = new Heirs(
    known(node("drains", 0, { draining: true }), node("hidden", 0, { url: undefined }), node("a", 9)),
  );
  expect(heirs.size).toBe(1);
  expect(await heirs.give(1, async () => false)).toBe(false);
  expect(heirs.size).toBe(0);
  expect(await give(heirs, 1)).toBeUndefined();
});
