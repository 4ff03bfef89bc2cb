// Thousands of schedules end with these checks, and an `assert` takes much less time than an `expect` of vitest.
import assert from "node:assert/strict";
import type { CallWorld, Device } from "./call-world.js";

/** Checks what must be true when nothing happens any more: store, clients, nodes and gauges agree. */
export async function expectConsistent(
  world: CallWorld,
  devices: readonly Device[],
  users: readonly string[],
): Promise<void> {
  assert.deepEqual(world.errors, []);
  const counted = world.finished.map(({ callId }) => callId);
  assert.equal(new Set(counted).size, counted.length, "each call is counted once");
  for (const { session, client, node } of devices) {
    if (session.status !== "open") continue;
    const call = await world.calls.ofUser(session.userId);
    const isIn = call && [call.caller.sessionId, call.callee.sessionId].includes(session.id);
    const rings = call?.state === "ringing" && call.callee.userId === session.userId;
    const expected = call && (isIn || rings) ? [[call.callId, call.state]] : [];
    assert.deepEqual([...client.live], expected);
    assert.equal(node.telephony.known.snapshotOf(session)?.callId, expected[0]?.[0], `what ${node.nodeId} knows`);
  }
  const live = new Set(
    (await Promise.all(users.map((userId) => world.calls.ofUser(userId)))).map((call) => call?.callId),
  );
  live.delete(undefined);
  const counts = world.nodes.map(({ telephony }) => telephony.known.counts());
  const gauges = counts.reduce((sum, { ringing, active }) => sum + ringing + active, 0);
  assert.equal(gauges, live.size, "gauges");
}
