import { expect, test } from "vitest";
import { Fleet } from "../../support/fleet.js";
import { noRedisReason } from "../../support/redis-server.js";
import { startService, type TestService } from "../../support/service.js";
import { TestClient } from "../../support/test-client.js";
import { until } from "../../support/until.js";
import { Receiver } from "../webhook/receiver.js";

const RING_MS = 30_000;
const ASK = { to: "bob", kind: "audio", ringOffline: true } as const;

/** A service with a backend that can wake devices. */
async function start(env: Record<string, string> = {}): Promise<{ service: TestService; backend: Receiver }> {
  const backend = await Receiver.start();
  return { service: await startService({ ...backend.settings, ...env }), backend };
}

const pushes = (backend: Receiver) => backend.taken.filter(({ type }) => type === "call_ringing");

test("a call to a user who is not connected rings, the backend is told, and a device that says hello in time answers it", async () => {
  const { service, backend } = await start();
  const ada = await service.hello("ada");
  const before = Date.now();
  const call = await ada.request("startCall", { ...ASK, kind: "video" });
  expect(call).toMatchObject({ peer: { userId: "bob" }, ringTimeoutMs: RING_MS, reachable: false });
  const { callId, roomId } = call;

  const push = await backend.get("call_ringing");
  const from = { userId: "ada", name: "ADA" };
  expect(push).toMatchObject({ callId, from, to: "bob", kind: "video", reachable: false, userId: "ada" });
  expect(push.expiresAt).toBeGreaterThan(before + RING_MS - 5_000);
  expect(push.expiresAt).toBeLessThan(Date.now() + RING_MS + 1_000);

  const bob = await service.hello("bob");
  expect(await bob.event("incoming_call")).toMatchObject({ callId, from, kind: "video" });
  await bob.request("acceptCall", { callId });
  expect(await ada.event("call_accepted")).toMatchObject({ callId, by: "bob" });
  for (const client of [ada, bob]) await client.request("join", { roomId });
  expect((await ada.request("getRoom")).room.participants.map(({ name }) => name).toSorted()).toEqual(["ADA", "BOB"]);
  await bob.request("endCall", { callId });
  expect(await backend.get("call_finished")).toMatchObject({ callId, outcome: "ended" });
  expect(pushes(backend)).toHaveLength(1);
});

test("without ringOffline, and without anybody who can wake a device, the callee is offline as before", async () => {
  const { service } = await start();
  const ada = await service.hello("ada");
  expect(await ada.ask("startCall", { to: "bob", kind: "audio" })).toMatchObject({ error: { code: "callee_offline" } });
  const alone = await startService();
  const cid = await alone.hello("cid");
  expect(await cid.ask("startCall", ASK)).toMatchObject({ error: { code: "callee_offline" } });
});

test("a device that says hello too late hears nothing of the call, and nobody is busy", async () => {
  const { service, backend } = await start({ CALL_RING_TIMEOUT_MS: "300" });
  const ada = await service.hello("ada");
  const { callId } = await ada.request("startCall", ASK);
  expect(await ada.event("call_timeout")).toEqual({ callId });
  expect(await backend.get("call_finished")).toMatchObject({ callId, outcome: "timeout" });
  const bob = await service.hello("bob");
  expect(bob.hello.call).toBeNull();
  expect(await bob.request("watchStatus", { userIds: ["ada", "bob"] })).toEqual({
    statuses: ["ada", "bob"].map((userId) => ({ userId, status: "available" })),
  });
  expect(bob.events("incoming_call")).toEqual([]);
});

test("a device that says hello after the caller has cancelled hears nothing of the call", async () => {
  const { service, backend } = await start();
  const ada = await service.hello("ada");
  const { callId } = await ada.request("startCall", ASK);
  await ada.request("cancelCall", { callId });
  expect(await backend.get("call_finished")).toMatchObject({ callId, outcome: "cancelled" });
  const bob = await service.hello("bob");
  expect(bob.hello.call).toBeNull();
  expect(await bob.ask("acceptCall", { callId })).toMatchObject({ error: { code: "call_gone" } });
  expect(bob.events("incoming_call")).toEqual([]);
});

test("two devices wake: a device that goes again does not end the ring, and the first answer wins", async () => {
  const { service, backend } = await start();
  const ada = await service.hello("ada");
  const { callId } = await ada.request("startCall", ASK);
  const watch = await service.hello("bob", { tabId: "watch" });
  await watch.event("incoming_call");
  await watch.request("beforeDisconnect", {});
  await backend.get("session_ended", "bob");
  const [phone, laptop] = [await service.hello("bob"), await service.hello("bob", { tabId: "laptop" })];
  for (const device of [phone, laptop]) await device.event("incoming_call");
  await phone.request("acceptCall", { callId });
  expect(await ada.event("call_accepted")).toMatchObject({ callId });
  expect(await laptop.event("call_cancelled")).toEqual({ callId, reason: "answered_elsewhere" });
  expect(pushes(backend)).toHaveLength(1);
});

test("a device whose line has broken cannot be reached: the backend is told, and the device gets the call when it is back", async () => {
  const { service, backend } = await start();
  const ada = await service.hello("ada");
  const bob = await service.hello("bob");
  bob.reset();
  await until(() => service.log.some(({ msg, userId }) => msg === "socket ended" && userId === "bob"));
  const call = await ada.request("startCall", ASK);
  expect(call.reachable).toBe(false);
  expect(await backend.get("call_ringing")).toMatchObject({ callId: call.callId, to: "bob" });
  const { sessionId, resumeToken } = bob.hello;
  const back = await service.hello("bob", { resume: { sessionId, resumeToken } });
  expect(back.hello).toMatchObject({ resumed: true, call: { callId: call.callId, direction: "incoming" } });
});

test("the backend is told when the callee's last device breaks while it rings, once", async () => {
  const { service, backend } = await start();
  const ada = await service.hello("ada");
  const [phone, laptop] = [await service.hello("bob"), await service.hello("bob", { tabId: "laptop" })];
  const { callId, reachable } = await ada.request("startCall", ASK);
  expect(reachable).toBe(true);
  await laptop.event("incoming_call");
  const broken = (count: number) =>
    until(() => service.log.filter(({ msg, userId }) => msg === "socket ended" && userId === "bob").length === count);
  laptop.reset();
  await broken(1);
  phone.reset();
  expect(await backend.get("call_ringing")).toMatchObject({ callId });
  await broken(2);
  await ada.request("cancelCall", { callId });
  await backend.get("call_finished");
  expect(pushes(backend)).toHaveLength(1);
  const first = backend.taken.findIndex(({ type }) => type === "call_ringing");
  expect(first).toBeGreaterThan(0);
});

test("no device is woken for a caller whom the callee has blocked, and the caller does not learn it", async () => {
  const { service, backend } = await start({ CALL_RING_TIMEOUT_MS: "400" });
  await service.get("/api/users/bob/blocked-callers/eve", { method: "PUT" });
  const [ada, eve] = [await service.hello("ada"), await service.hello("eve")];
  const blocked = await eve.request("startCall", ASK);
  const open = await ada.request("startCall", ASK);
  const shape = ({ reachable, ringTimeoutMs, peer }: typeof open) => ({ reachable, ringTimeoutMs, peer });
  expect(shape(blocked)).toEqual(shape(open));
  await Promise.all([eve.event("call_timeout"), ada.event("call_timeout")]);
  await until(() => backend.taken.filter(({ type }) => type === "call_finished").length === 2);
  expect(pushes(backend)).toMatchObject([{ callId: open.callId }]);
});

test("a user whom an operator has blocked is not woken, because the device could not come in", async () => {
  const { service, backend } = await start();
  await service.get("/api/users/bob/block", {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ seconds: 60 }),
  });
  const ada = await service.hello("ada");
  expect(await ada.ask("startCall", ASK)).toMatchObject({ error: { code: "callee_offline" } });
  await backend.get("call_refused");
  expect(pushes(backend)).toEqual([]);
});

test.skipIf(noRedisReason)(
  "the woken device may come in at another node, and a device that is away there is told of there",
  async () => {
    const backend = await Receiver.start();
    const fleet = await Fleet.start(2, backend.settings);
    const [one, two] = fleet.nodes.map(({ ws }) => ws);
    const hello = async (url: string | undefined, id: string, tabId = "tab") => {
      const client = await TestClient.open(url ?? "");
      await client.request("hello", { user: { id, name: id }, tabId });
      return client;
    };
    const ada = await hello(one, "ada");
    const first = await ada.request("startCall", ASK);
    expect(await backend.get("call_ringing")).toMatchObject({ callId: first.callId, nodeId: "node-1" });
    const bob = await hello(two, "bob");
    await bob.event("incoming_call", ({ callId }) => callId === first.callId);
    await bob.request("declineCall", { callId: first.callId });
    await ada.event("call_declined");

    bob.reset();
    await until(
      () => fleet.nodes[1]?.log.some(({ msg, userId }) => msg === "socket ended" && userId === "bob") ?? false,
    );
    const second = await ada.request("startCall", ASK);
    await until(() => pushes(backend).length === 2);
    expect(pushes(backend)[1]).toMatchObject({ callId: second.callId, nodeId: "node-2" });
  },
);
