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

/** The sum over all nodes, as Prometheus would make it. */
async function sum(fleet: Fleet, name: string): Promise<number> {
  const values = await Promise.all(fleet.nodes.map((node) => fleet.metric(node, name)));
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}

const outcomes = (fleet: Fleet, outcome: string) => sum(fleet, `lastseen_calls_finished_total{outcome="${outcome}"}`);

describe.skipIf(noRedisReason)("two nodes", () => {
  test("a call rings on every device, whatever its node; the first answer wins and is counted once", async () => {
    const fleet = await Fleet.start(2);
    const [one, two] = fleet.nodes;
    const ada = await hello(one, "ada");
    const phone = await hello(one, "bob", "phone");
    const laptop = await hello(two, "bob", "laptop");
    const eve = await hello(two, "eve");
    await until(
      async () => (await statusOf(two, "ada")) === "available" && (await statusOf(one, "bob")) === "available",
    );
    await eve.request("watchStatus", { userIds: ["ada", "bob"] });
    const { callId } = await ada.request("startCall", { to: "bob", kind: "audio" });
    await Promise.all([phone.event("incoming_call"), laptop.event("incoming_call")]);
    const answers = await Promise.all([phone.ask("acceptCall", { callId }), laptop.ask("acceptCall", { callId })]);
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
    expect(answers.filter(({ ok }) => !ok)).toMatchObject([{ error: { code: "call_gone" } }]);
    await ada.event("call_accepted");
    expect(await sum(fleet, 'lastseen_calls{state="active"}')).toBe(1);
    expect(await eve.ask("startCall", { to: "bob", kind: "audio" })).toMatchObject({ error: { code: "callee_busy" } });
    for (const userId of ["ada", "bob"]) {
      await eve.event("user_status", (event) => event.userId === userId && event.status === "busy");
    }
    await ada.request("endCall", { callId });
    const winner = answers[0]?.ok ? phone : laptop;
    expect(await winner.event("call_ended")).toMatchObject({ callId, reason: "hangup" });
    for (const userId of ["ada", "bob"]) {
      await eve.event("user_status", (event) => event.userId === userId && event.status === "available");
    }
    expect(await outcomes(fleet, "ended")).toBe(1);
    expect(await sum(fleet, 'lastseen_calls{state="active"}')).toBe(0);
  });

  test("who call each other from two nodes at the same moment are in one call", async () => {
    const fleet = await Fleet.start(2);
    const ada = await hello(fleet.nodes[0], "ada");
    const bob = await hello(fleet.nodes[1], "bob");
    await until(async () => (await statusOf(fleet.nodes[1], "ada")) === "available");
    await until(async () => (await statusOf(fleet.nodes[0], "bob")) === "available");
    const calls = await Promise.all([
      ada.request("startCall", { to: "bob", kind: "audio" }),
      bob.request("startCall", { to: "ada", kind: "audio" }),
    ]);
    expect(calls[0].callId).toBe(calls[1].callId);
    await Promise.all([ada.event("call_accepted"), bob.event("call_accepted")]);
    await bob.request("endCall", { callId: calls[0].callId });
    await ada.event("call_ended");
  });

  test("a caller whose node dies while it rings leaves nobody ringing, and nobody busy", async () => {
    const fleet = await Fleet.start(2, { CALL_RING_TIMEOUT_MS: "4000" });
    const [one, two] = fleet.nodes;
    const ada = await hello(one, "ada");
    const bob = await hello(two, "bob");
    await until(async () => (await statusOf(one, "bob")) === "available");
    const { callId } = await ada.request("startCall", { to: "bob", kind: "audio" });
    await bob.event("incoming_call");
    one?.signal("SIGKILL");
    expect(await bob.event("call_cancelled")).toEqual({ callId, reason: "timeout" });
    expect(await statusOf(two, "bob")).toBe("available");
    expect(await statusOf(two, "ada")).not.toBe("busy");
  });

  test("a side whose node dies while they talk keeps the call for its grace; then the other is told", async () => {
    const fleet = await Fleet.start(2, { RESUME_GRACE_MS: "2000" });
    const [one, two] = fleet.nodes;
    const ada = await hello(one, "ada");
    const bob = await hello(two, "bob");
    await until(async () => (await statusOf(one, "bob")) === "available");
    const { callId } = await ada.request("startCall", { to: "bob", kind: "audio" });
    await bob.event("incoming_call");
    await bob.request("acceptCall", { callId });
    one?.signal("SIGKILL");
    expect(await bob.event("call_ended", () => true, 40_000)).toMatchObject({ callId, reason: "disconnected" });
    expect(await statusOf(two, "bob")).toBe("available");
  });

  test("both come into the call's room, whatever nodes they are on", async () => {
    const fleet = await Fleet.start(2);
    const ada = fleet.client("ada", fleet.nodes[0]?.http);
    const bob = fleet.client("bob", fleet.nodes[1]?.http);
    await Promise.all([ada.whenConnected(), bob.whenConnected()]);
    await until(async () => (await statusOf(fleet.nodes[0], "bob")) === "available");
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
