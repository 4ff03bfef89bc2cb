/** A caller's client goes away before the store answers, so that no client would know of the call. */
import { expect, test } from "vitest";
import { Random } from "../../support/random.js";
import { CallWorld, start } from "./call-world.js";
import { expectConsistent } from "./consistent.js";

test("a call whose caller went away early is counted with the reason that the callee is told", async () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 40; seed += 1) {
    const world = await CallWorld.create(2, new Random(seed));
    const ada = await world.node(0).open("ada");
    const bob = await world.node(1).open("bob");
    await world.settle();
    const attempt = start(ada, "bob");
    ada.session.connection = undefined;
    // Bob calls back at the same moment, so the call may have been answered before the service takes it back.
    await Promise.all([attempt, start(bob, "ada")]);
    await world.settle();
    const first = bob.client.told.find(({ type }) => type === "call_cancelled" || type === "call_ended");
    const counted = world.finished.find(({ callId }) => callId === first?.callId)?.outcome;
    if (first) {
      seen.add(`${first.type} ${first.reason}: ${counted}`);
      await expectConsistent(world, [bob], ["ada", "bob"]);
    }
    await world.close();
  }
  expect([...seen]).toEqual(["call_ended disconnected: disconnected"]);
});
