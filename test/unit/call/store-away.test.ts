/** While the store does not answer, the service does not know what became of its requests. It finds out when the store answers. */
import { expect, test, vi } from "vitest";
import { Random } from "../../support/random.js";
import { CallWorld, RING_MS, accept, refusal, start, stop, type Device } from "./call-world.js";
import { expectConsistent } from "./consistent.js";

/** The service asks within this time after the store answers again. */
const AGAIN_MS = 2_000;

/** Ada on one node, Bob on another. */
async function pair(seed = 1): Promise<{ world: CallWorld; ada: Device; bob: Device }> {
  const world = await CallWorld.create(3, new Random(seed));
  const ada = await world.node(0).open("ada");
  const bob = await world.node(1).open("bob");
  await world.settle();
  return { world, ada, bob };
}

async function ring(world: CallWorld, ada: Device): Promise<string> {
  const callId = await start(ada, "bob");
  if (callId === undefined) throw new Error("the call was refused");
  await world.settle();
  return callId;
}

test("a call ends with a session whose new node could not ask about the call at the takeover", async () => {
  const { world, ada, bob } = await pair();
  await accept(bob, await ring(world, ada));
  await world.settle();
  await ada.node.telephony.close();
  world.faults.storeFails = 1;
  const adopted = await world.node(2).adopt(ada);
  await world.settle();
  expect(world.node(2).telephony.known.snapshotOf(adopted.session)).toBeNull();
  adopted.node.end(adopted);
  world.faults.storeFails = 0;
  await world.clock.advance(AGAIN_MS);
  expect(bob.client.told.at(-1)).toMatchObject({ type: "call_ended", reason: "disconnected" });
  expect(await world.calls.ofUser("bob")).toBeUndefined();
  await world.close();
});

test("a call goes on when the node that could not ask about it has lost the session to another node meanwhile", async () => {
  const { world, ada, bob } = await pair();
  const callId = await ring(world, ada);
  await accept(bob, callId);
  await world.settle();
  await ada.node.telephony.close();
  world.faults.storeFails = 1;
  const first = await world.node(2).adopt(ada);
  await world.settle();
  world.faults.storeFails = 0;
  const second = await world.node(1).adopt(first);
  first.node.end(first, "node_lost");
  await world.clock.advance(AGAIN_MS);
  expect(second.node.telephony.known.snapshotOf(second.session)).toMatchObject({ callId, state: "active" });
  expect(bob.client.told.filter(({ type }) => type === "call_ended")).toEqual([]);
  await world.close();
});

test("a device rings as soon as the store answers when the message about the call was lost", async () => {
  const { world, ada, bob } = await pair();
  world.faults.messageLost = 1;
  const callId = await start(ada, "bob");
  world.faults.storeFails = 1;
  await world.settle();
  expect(bob.client.told).toEqual([]);
  Object.assign(world.faults, { storeFails: 0, messageLost: 0 });
  await world.clock.advance(AGAIN_MS);
  expect(bob.client.told).toMatchObject([{ type: "incoming_call", callId }]);
  await world.close();
});

test("a user cannot call again before the service knows whether the last attempt rings", async () => {
  const { world, ada, bob } = await pair();
  world.faults.storeFails = 1;
  expect(await start(ada, "bob")).toBeUndefined();
  world.faults.storeFails = 0;
  const again = ada.node.telephony.setup.start(
    { session: ada.session, connection: ada.client, to: "bob", kind: "audio", ringOffline: false },
    () => undefined,
  );
  expect(await refusal(again)).toBe("overloaded");
  await world.clock.advance(AGAIN_MS);
  await ring(world, ada);
  await expectConsistent(world, [ada, bob], ["ada", "bob"]);
  await world.close();
});

test("requests about calls that do not exist leave at most one question to ask again", async () => {
  const { world, bob } = await pair();
  world.faults.storeFails = 1;
  for (let n = 0; n < 20; n += 1) {
    expect(await accept(bob, `made-up-${n}`)).toBe("overloaded");
    expect(await stop(bob, "decline", `made-up-${n}`)).toBe("overloaded");
  }
  const before = world.failures.length;
  await world.clock.advance(AGAIN_MS);
  expect(world.failures.slice(before)).toEqual([expect.stringMatching(/^look: /)]);
  await world.close();
});

test("a user who gets call_gone is in no call, whatever the store has done meanwhile", async () => {
  for (let seed = 1; seed <= 10; seed += 1) {
    const { world, ada } = await pair(seed);
    const phone = await world.node(0).open("bob");
    const callId = await ring(world, ada);
    world.faults.storeFails = 1;
    expect(await stop(ada, "cancel", callId)).toBe("ok");
    world.faults.storeFails = 0;
    expect(await accept(phone, callId)).toBe("call_gone");
    expect(await world.calls.ofUser("bob"), `seed ${seed}`).toBeUndefined();
    await world.clock.advance(AGAIN_MS);
    await expectConsistent(world, [ada, phone], ["ada", "bob"]);
    expect(world.finished.map((finished) => finished.callId).filter((id) => id === callId).length).toBeLessThan(2);
    await world.close();
  }
});

test("a user whose doubtful call was cancelled while the store was away again can call again", async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const { world, ada, bob } = await pair(seed);
    world.faults.storeFails = 1;
    expect(await start(ada, "bob")).toBeUndefined();
    world.faults.storeFails = 0;
    // The client comes back, and learns of the call whose answer was lost.
    ada.node.events.emit("resumed", { session: ada.session, replaced: false, mediaReset: undefined });
    await world.settle();
    const callId = ada.node.telephony.known.snapshotOf(ada.session)?.callId;
    if (callId !== undefined) {
      world.faults.storeFails = 1;
      expect(await stop(ada, "cancel", callId)).toBe("ok");
      world.faults.storeFails = 0;
    }
    await world.clock.advance(AGAIN_MS);
    await world.settle();
    expect(world.finished.map((finished) => finished.callId).filter((id) => id === callId).length).toBeLessThan(2);
    expect(await start(ada, "bob"), `seed ${seed}`).toBeDefined();
    await world.settle();
    await expectConsistent(world, [ada, bob], ["ada", "bob"]);
    await world.close();
  }
});

test("a call ends whose answer was lost when the session that answered has ended meanwhile", async () => {
  for (let seed = 1; seed <= 10; seed += 1) {
    const { world, ada, bob } = await pair(seed);
    const callId = await ring(world, ada);
    world.faults.storeFails = 1;
    expect(await accept(bob, callId)).toBe("overloaded");
    bob.node.end(bob);
    await world.settle();
    world.faults.storeFails = 0;
    await world.clock.advance(AGAIN_MS);
    await world.settle();
    await world.clock.advance(RING_MS + AGAIN_MS);
    await world.settle();
    expect(await world.calls.ofUser("bob"), `seed ${seed}`).toBeUndefined();
    await expectConsistent(world, [ada], ["ada", "bob"]);
    await world.close();
  }
});

test("an answer whose confirmation by the store was lost stops the other devices and reaches the caller", async () => {
  for (const again of ["the user answers again", "the user waits"] as const) {
    const { world, ada, bob } = await pair();
    const laptop = await world.node(2).open("bob");
    await world.settle();
    const callId = await ring(world, ada);
    Object.assign(world.faults, { storeFails: 1, storeMisses: 0 });
    expect(await accept(bob, callId)).toBe("overloaded");
    world.faults.storeFails = 0;
    expect(await world.calls.find(callId)).toMatchObject({ state: "active" });
    if (again === "the user answers again") expect(await accept(bob, callId)).toBe("ok");
    else await world.clock.advance(AGAIN_MS);
    await world.settle();
    expect(ada.client.told, again).toMatchObject([{ type: "call_accepted", callId }]);
    expect(laptop.client.told.slice(1), again).toMatchObject([
      { type: "call_cancelled", reason: "answered_elsewhere" },
    ]);
    expect(bob.client.live, again).toEqual(new Map([[callId, "active"]]));
    await expectConsistent(world, [ada, bob, laptop], ["ada", "bob"]);
    await world.close();
  }
});

test("the node that takes over a session tells the others that it has answered a call, if nobody has told them", async () => {
  const { world, ada, bob } = await pair();
  const callId = await ring(world, ada);
  Object.assign(world.faults, { storeFails: 1, storeMisses: 0 });
  expect(await accept(bob, callId)).toBe("overloaded");
  await bob.node.telephony.close();
  world.faults.storeFails = 0;
  await world.node(2).adopt(bob);
  await world.settle();
  expect(ada.client.told).toMatchObject([{ type: "call_accepted", callId }]);
  await world.close();
});

test("an answer that the store has not taken makes no device ring again", async () => {
  const { world, ada, bob } = await pair();
  const callId = await ring(world, ada);
  Object.assign(world.faults, { storeFails: 1, storeMisses: 1 });
  expect(await accept(bob, callId)).toBe("overloaded");
  world.faults.storeFails = 0;
  await world.clock.advance(AGAIN_MS);
  expect(await world.calls.find(callId)).toMatchObject({ state: "ringing" });
  expect(bob.client.told).toMatchObject([{ type: "incoming_call", callId }]);
  await world.close();
});

test("a caller whose node has missed the answer or the refusal of a call learns of it at once", async () => {
  for (const how of ["accept", "decline"] as const) {
    const { world, ada, bob } = await pair();
    const callId = await ring(world, ada);
    world.faults.messageLost = 1;
    expect(how === "accept" ? await accept(bob, callId) : await stop(bob, "decline", callId)).toBe("ok");
    await world.settle();
    world.faults.messageLost = 0;
    await world.settle();
    expect(ada.client.live.get(callId), how).toBe(how === "accept" ? "active" : undefined);
    await world.close();
  }
});

test("a loss that is told for each of a hundred nodes is one question to the store, and one more", async () => {
  const { world, ada } = await pair();
  const ringing = vi.spyOn(world.calls, "ringing");
  for (let n = 0; n < 100; n += 1) ada.node.bus.events.emit("missed", { from: `node-${n}` });
  await world.settle();
  expect(ringing).toHaveBeenCalledTimes(2);
  ada.node.bus.events.emit("missed", { from: "node-1" });
  await world.settle();
  expect(ringing).toHaveBeenCalledTimes(3);
  await world.close();
});
