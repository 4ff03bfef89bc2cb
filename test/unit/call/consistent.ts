import { expect } from "vitest";
import type { CallWorld, Device } from "./call-world.js";

/** Checks what must be true when nothing happens any more: store, clients, nodes and gauges agree. */
export async function expectConsistent(
  world: CallWorld,
  devices: readonly Device[],
  users: readonly string[],
): Promise<void> {
  expect(world.errors).toEqual([]);
  const counted = world.finished.map(({ callId }) => callId);
  expect(new Set(counted).size, "each call is counted once").toBe(counted.length);
  for (const { session, client, node } of devices) {
    if (session.status !== "open") continue;
    const call = await world.calls.ofUser(session.userId);
    const isIn = call && [call.caller.sessionId, call.callee.sessionId].includes(session.id);
    const rings = call?.state === "ringing" && call.callee.userId === session.userId;
    const expected = call && (isIn || rings) ? [[call.callId, call.state]] : [];
    expect([...client.live], `${session.id} of ${session.userId} on ${node.nodeId}`).toEqual(expected);
    expect(node.telephony.known.snapshotOf(session)?.callId ?? undefined).toBe(expected[0]?.[0]);
  }
  const live = new Set(
    (await Promise.all(users.map((userId) => world.calls.ofUser(userId)))).map((call) => call?.callId),
  );
  live.delete(undefined);
  const counts = world.nodes.map(({ telephony }) => telephony.known.counts());
  expect(
    counts.reduce((sum, { ringing, active }) => sum + ringing + active, 0),
    "gauges",
  ).toBe(live.size);
}
