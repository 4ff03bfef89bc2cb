import { expect, test } from "vitest";
import { AddressCheck } from "../../../src/cluster/address-check.js";
import type { ClusterEvents } from "../../../src/cluster/events.js";
import { Emitter } from "../../../src/kernel/emitter.js";
import type { AskAddress } from "../../../src/ports/ask-address.js";
import type { NodeView } from "../../../src/ports/directory.js";
import { ManualClock } from "../../support/manual-clock.js";

const RENEW_MS = 2_000;
const SILENT = { kind: "silent", why: "ECONNREFUSED" } as const;

const node = (nodeId: string, url = `http://${nodeId}`): NodeView => ({
  nodeId,
  epoch: 1,
  url,
  sessions: 0,
  rooms: 0,
  draining: false,
  expired: false,
  sent: 0,
});

function world(answer: (url: string) => Awaited<ReturnType<AskAddress>>) {
  const clock = new ManualClock();
  const events = new Emitter<ClusterEvents>((error) => {
    throw error;
  });
  const asked: string[] = [];
  const told: string[] = [];
  events.on("address_wrong", ({ nodeId, problem, found }) => told.push(`${nodeId}: ${problem} ${found}`));
  events.on("address_cleared", ({ nodeId }) => told.push(`${nodeId}: cleared`));
  const check = new AddressCheck({
    clock,
    own: { nodeId: "a", url: "http://a" },
    events,
    ask: (url) => {
      asked.push(url);
      return Promise.resolve(answer(url));
    },
  });
  /** Renews for that time. */
  const run = async (ms: number, ...nodes: NodeView[]): Promise<void> => {
    for (let passed = 0; passed < ms; passed += RENEW_MS) {
      events.emit("renewed", { nodes: [node("a"), ...nodes] });
      await clock.advance(RENEW_MS);
    }
  };
  return { asked, told, check, run };
}

const right = (url: string) => ({ kind: "node", nodeId: url.slice("http://".length) }) as const;

test("each renewal asks one address at most, and a good one is asked again after a minute", async () => {
  const { asked, told, run } = world(right);
  await run(2 * RENEW_MS, node("b"), node("c"));
  expect(asked).toEqual(["http://b", "http://c"]);
  await run(54_000, node("b"), node("c"));
  expect(asked).toHaveLength(2);
  await run(10_000, node("b"), node("c"));
  expect(asked).toEqual(["http://b", "http://c", "http://b", "http://c"]);
  expect(told).toEqual([]);
});

test("an address that is silent once is not told, because a node starts or ends; silent twice it is, until it answers", async () => {
  let isUp = false;
  const { told, check, run } = world((url) => (isUp ? right(url) : SILENT));
  await run(8_000, node("b"));
  expect(told).toEqual([]);
  await run(4_000, node("b"));
  expect(told).toEqual(["b: unreachable ECONNREFUSED"]);
  expect(check.wrong).toEqual([{ nodeId: "b", url: "http://b", problem: "unreachable", found: "ECONNREFUSED" }]);
  isUp = true;
  await run(20_000, node("b"));
  expect(told.slice(1)).toEqual(["b: cleared"]);
  expect(check.wrong).toEqual([]);
});

test("an address of several nodes is told at the first answer of another node, and right answers by chance do not clear it", async () => {
  const answers = ["b", "c", "b", "b", "a", "b", "b", "b", "b", "b"];
  const { told, run } = world(() => ({ kind: "node", nodeId: answers.shift() ?? "b" }));
  await run(600_000, node("b", "http://all"));
  expect(told).toEqual(["b: other_node c", "b: shared a", "b: cleared"]);
});

test("the own address at another node is told without a question", async () => {
  const { asked, told, run } = world(right);
  await run(RENEW_MS, node("b", "http://a"));
  expect([asked, told]).toEqual([[], ["b: shared a"]]);
});

test("nodes that have no address, drain or do not renew are not asked; what was told of a node that goes is cleared", async () => {
  const { asked, told, run } = world(() => SILENT);
  await run(
    20_000,
    { ...node("b"), url: undefined },
    { ...node("c"), draining: true },
    { ...node("d"), expired: true },
  );
  expect(asked).toEqual([]);
  await run(12_000, node("b"));
  await run(RENEW_MS);
  expect(told).toEqual(["b: unreachable ECONNREFUSED", "b: cleared"]);
});

test("a node of a version that does not tell its name is believed", async () => {
  const { told, run } = world(() => ({ kind: "node", nodeId: undefined }));
  await run(120_000, node("b"));
  expect(told).toEqual([]);
});
