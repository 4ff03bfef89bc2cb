import { describe, expect, test } from "vitest";
import { Fleet } from "../../support/fleet.js";
import { noRedisReason } from "../../support/redis-server.js";
import type { ServiceProcess } from "../../support/service-process.js";
import { TestClient } from "../../support/test-client.js";
import { until } from "../../support/until.js";

async function hello(node: ServiceProcess | undefined, userId: string, tabId = "tab"): Promise<TestClient> {
  const client = await TestClient.open(node?.ws ?? "");
  await client.request("hello", { user: { id: userId, name: userId }, tabId });
  return client;
}

async function statusOf(node: ServiceProcess | undefined, userId: string): Promise<string> {
  return ((await (await fetch(`${node?.http}/api/users/${userId}/status`)).json()) as { status: string }).status;
}

/** The sum of a metric over all nodes. */
async function sum(fleet: Fleet, name: string): Promise<number> {
  const values = await Promise.all(fleet.nodes.map((node) => fleet.metric(node, name)));
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}

/** Waits until this node tells this status of the user. */
const shown = (node: ServiceProcess | undefined, userId: string, status: string) =>
  until(async () => (await statusOf(node, userId)) === status);

/** Ada calls Bob. She is on the first node, and his phone and laptop are on the two other nodes. */
async function ringing(env: Record<string, string>) {
  const fleet = await Fleet.start(3, env);
  const [one, two, three] = fleet.nodes;
  const ada = await hello(one, "ada");
  const phone = await hello(two, "bob", "phone");
  const laptop = await hello(three, "bob", "laptop");
  await shown(one, "bob", "available");
  const { callId } = await ada.request("startCall", { to: "bob", kind: "audio" });
  await Promise.all([phone.event("incoming_call"), laptop.event("incoming_call")]);
  return { fleet, one, two, three, ada, phone, laptop, callId };
}

const outcomes = (fleet: Fleet, outcome: string) => sum(fleet, `lastseen_calls_finished_total{outcome="${outcome}"}`);

describe.skipIf(noRedisReason)("several nodes", () => {
  test("a call rings on all of the callee's devices on all nodes; the first answer wins and is counted once", async () => {
    const { fleet, two, ada, phone, laptop, callId } = await ringing({});
    const eve = await hello(two, "eve");
    expect(await eve.request("watchStatus", { userIds: ["ada", "bob"] })).toEqual({
      statuses: ["ada", "bob"].map((userId) => ({ userId, status: "busy" })),
    });
    const answers = await Promise.all([phone.ask("acceptCall", { callId }), laptop.ask("acceptCall", { callId })]);
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
    expect(answers.filter(({ ok }) => !ok)).toMatchObject([{ error: { code: "call_gone" } }]);
    await ada.event("call_accepted");
    expect(await sum(fleet, 'lastseen_calls{state="active"}')).toBe(1);
    expect(await eve.ask("startCall", { to: "bob", kind: "audio" })).toMatchObject({ error: { code: "callee_busy" } });
    await ada.request("endCall", { callId });
    const winner = answers[0]?.ok ? phone : laptop;
    expect(await winner.event("call_ended")).toMatchObject({ callId, reason: "hangup" });
    for (const userId of ["ada", "bob"]) {
      await eve.event("user_status", (event) => event.userId === userId && event.status === "available");
    }
    expect(await outcomes(fleet, "ended")).toBe(1);
    expect(await sum(fleet, 'lastseen_calls{state="active"}')).toBe(0);
  });

  test("a node without the two of a call hears nothing of it, until somebody there watches one of them", async () => {
    const fleet = await Fleet.start(3);
    const [one, two, three] = fleet.nodes;
    const news = async (): Promise<number[]> =>
      Promise.all(
        ["status", "call"].map(
          async (kind) => (await fleet.metric(three, `lastseen_node_messages_total{kind="${kind}"}`)) ?? NaN,
        ),
      );
    // A node that has just started gets everything until it has told whom it follows.
    const isTold = async (): Promise<boolean> =>
      (await fleet.redis.cli("zcount", "lastseen:{all}:messages-by-lease", "-inf", "+inf")) === "3";
    await until(isTold);
    const eve = await hello(three, "eve");
    const [ada, bob] = [await hello(one, "ada"), await hello(two, "bob")];
    const before = await news();
    const callAndEnd = async (whileActive?: () => Promise<unknown>): Promise<void> => {
      const { callId } = await ada.request("startCall", { to: "bob", kind: "audio" });
      await bob.event("incoming_call", (event) => event.callId === callId);
      await bob.request("acceptCall", { callId });
      await ada.event("call_accepted", (event) => event.callId === callId);
      await whileActive?.();
      await bob.request("endCall", { callId });
      await ada.event("call_ended", (event) => event.callId === callId);
    };
    await callAndEnd();
    expect(await news()).toEqual(before);
    await eve.request("watchStatus", { userIds: ["bob"] });
    // A node tells the status that it has read last: of a call that is over before that nobody hears.
    await callAndEnd(() => eve.event("user_status", ({ status }) => status === "busy"));
    await eve.event("user_status", ({ status }) => status === "available");
    const [status, calls] = await news();
    expect(status).toBe(before[0]);
    expect(calls).toBeGreaterThan(before[1] ?? NaN);
    // Somebody who is watched is told of again at the watcher's node.
    bob.reset();
    await eve.event("user_status", (event) => event.status === "offline", 40_000);
  });

  test("two users who call each other from two nodes at the same moment are in one call", async () => {
    const fleet = await Fleet.start(2);
    const ada = await hello(fleet.nodes[0], "ada");
    const bob = await hello(fleet.nodes[1], "bob");
    await shown(fleet.nodes[1], "ada", "available");
    await shown(fleet.nodes[0], "bob", "available");
    const calls = await Promise.all([
      ada.request("startCall", { to: "bob", kind: "audio" }),
      bob.request("startCall", { to: "ada", kind: "audio" }),
    ]);
    expect(calls[0].callId).toBe(calls[1].callId);
    await Promise.all([ada.event("call_accepted"), bob.event("call_accepted")]);
    await bob.request("endCall", { callId: calls[0].callId });
    await ada.event("call_ended");
  });

  test("when the caller's node dies during the ring, no device goes on ringing and nobody stays busy", async () => {
    const { one, two, three, phone, laptop, callId } = await ringing({ CALL_RING_TIMEOUT_MS: "4000" });
    one?.signal("SIGKILL");
    const cancelled = await Promise.all([phone.event("call_cancelled"), laptop.event("call_cancelled")]);
    expect(cancelled).toEqual([
      { callId, reason: "timeout" },
      { callId, reason: "timeout" },
    ]);
    for (const node of [two, three]) {
      expect(await statusOf(node, "bob")).toBe("available");
      expect(await statusOf(node, "ada")).not.toBe("busy");
    }
  });

  test("a call goes on when another node of the callee dies, and ends when the node of the answering device dies", async () => {
    const { one, two, three, ada, laptop, callId } = await ringing({ RESUME_GRACE_MS: "2000" });
    two?.signal("SIGKILL");
    await laptop.request("acceptCall", { callId });
    expect(await ada.event("call_accepted")).toMatchObject({ callId, by: "bob" });
    three?.signal("SIGKILL");
    expect(await ada.event("call_ended")).toMatchObject({ callId, reason: "disconnected" });
    expect(await statusOf(one, "ada")).toBe("available");
    expect(await statusOf(one, "bob")).not.toBe("busy");
  });

  test("both users join the call's room from different nodes", async () => {
    const fleet = await Fleet.start(2);
    const ada = fleet.client("ada", fleet.nodes[0]?.http);
    const bob = fleet.client("bob", fleet.nodes[1]?.http);
    await Promise.all([ada.whenConnected(), bob.whenConnected()]);
    await shown(fleet.nodes[0], "bob", "available");
    bob.on("call", ({ call }) => {
      if (call?.state === "ringing") void bob.calls.accept();
    });
    const reasons: unknown[] = [];
    for (const client of [ada, bob]) {
      client.on("call", ({ call, reason }) => {
        if (call?.state === "active" && client.room === undefined) void client.join(call.roomId);
        if (reason) reasons.push(reason);
      });
    }
    await ada.calls.start("bob", "audio");
    await until(() => ada.room?.participants.length === 2 && bob.room?.participants.length === 2);
    expect(reasons).toEqual([]);
    expect(ada.calls.current).toMatchObject({ state: "active" });
    expect(bob.calls.current).toMatchObject({ state: "active", callId: ada.calls.current?.callId });
  });
});
