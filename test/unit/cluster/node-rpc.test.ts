import Type from "typebox";
import { expect, onTestFinished, test } from "vitest";
import { defineQuestion } from "../../../src/ports/question.js";
import { NodeRpc } from "../../../src/cluster/node-rpc.js";
import { MemoryBus, MemoryHub } from "../../../src/memory/memory-bus.js";
import { LastseenError } from "@lastseen/protocol";
import { ManualClock } from "../../support/manual-clock.js";

const HowMany = Type.Object({ of: Type.String() });
const howMany = defineQuestion("how_many", HowMany, Type.Object({ count: Type.Integer() }));

/** Two nodes that can ask each other. */
function twoNodes(): { clock: ManualClock; a: NodeRpc; b: NodeRpc } {
  const clock = new ManualClock();
  const hub = new MemoryHub();
  const [a, b] = ["a", "b"].map((nodeId) => {
    const rpc = new NodeRpc({
      clock,
      bus: new MemoryBus(hub, nodeId, (error) => {
        throw error;
      }),
    });
    onTestFinished(() => rpc.close());
    return rpc;
  });
  if (!a || !b) throw new Error("two nodes were asked for");
  return { clock, a, b };
}

test("the other node answers a question", async () => {
  const { a, b } = twoNodes();
  b.answer(howMany, async ({ of }) => ({ count: of.length }));
  expect(await a.ask("b", howMany, { of: "rooms" })).toEqual({ count: 5 });
});

test("an error of the other node is thrown here with its code; an unexpected error keeps its details secret", async () => {
  const { a, b } = twoNodes();
  b.answer(howMany, () => Promise.reject(new LastseenError("not_found", "There is no such room.")));
  await expect(a.ask("b", howMany, { of: "x" })).rejects.toMatchObject({
    code: "not_found",
    message: "There is no such room.",
  });
  b.answer(howMany, () => Promise.reject(new Error("secret")));
  const refusal = a.ask("b", howMany, { of: "x" });
  await expect(refusal).rejects.toMatchObject({ code: "internal" });
  await expect(refusal).rejects.not.toThrow("secret");
});

test("a node refuses a question or an answer of another version that it cannot read", async () => {
  const { a, b } = twoNodes();
  const asNumber = defineQuestion(
    "how_many",
    Type.Object({ of: Type.Number() }),
    Type.Object({ count: Type.String() }),
  );
  b.answer(howMany, async () => ({ count: 1 }));
  await expect(a.ask("b", asNumber, { of: 1 })).rejects.toMatchObject({ code: "bad_message" });
  const asText = defineQuestion("how_many", HowMany, Type.Object({ count: Type.String() }));
  await expect(a.ask("b", asText, { of: "x" })).rejects.toMatchObject({ code: "overloaded" });
  const unheardOf = defineQuestion("how_warm", HowMany, HowMany);
  await expect(a.ask("b", unheardOf, { of: "x" })).rejects.toMatchObject({ code: "not_found" });
});

test("a question without an answer fails after the time limit, and a late answer is ignored", async () => {
  const { clock, a, b } = twoNodes();
  let answerNow = (): void => {};
  b.answer(howMany, () => new Promise((resolve) => (answerNow = () => resolve({ count: 1 }))));
  const refused = expect(a.ask("b", howMany, { of: "x" })).rejects.toMatchObject({ code: "overloaded" });
  await clock.advance(1_000);
  await refused;
  answerNow();
  await clock.advance(1_000);
  expect(clock.pendingTimers).toBe(0);
});
