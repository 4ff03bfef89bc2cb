import { expect, test } from "vitest";
import { startService } from "../../support/service.js";

test("a resume with another name: the others get name_changed with the next version, and snapshots have the new name", async () => {
  const service = await startService();
  const ada = await service.join("ada", "Team standup");
  const bob = await service.join("bob", "Team standup");
  const { version } = (await bob.request("getRoom")).room;
  ada.reset();
  const again = await service.connect();
  const { sessionId, resumeToken } = ada.hello;
  const user = { id: "ada", name: "\u202EAda\u0000 Lovelace" };
  const hello = await again.request("hello", { user, tabId: "tab-ada", resume: { sessionId, resumeToken } });
  expect(hello.user).toEqual({ id: "ada", name: "Ada Lovelace" });
  const changed = { roomId: "Team standup", version: version + 1, userId: "ada", sessionId, name: "Ada Lovelace" };
  expect(await bob.event("name_changed")).toEqual(changed);
  expect(hello.room).toMatchObject({ version: version + 1, participants: [{ name: "Ada Lovelace" }, { name: "BOB" }] });
  expect(again.events("name_changed")).toEqual([]);
  const room = await service.get(`/api/rooms/${encodeURIComponent("Team standup")}`);
  expect(await room.json()).toMatchObject({ participants: [{ name: "Ada Lovelace" }, { name: "BOB" }] });
  const timeline = await service.get(`/api/sessions/${sessionId}/timeline`);
  expect(JSON.stringify(await timeline.json())).toContain("name changed");
  ada.close();
});

test("a resume without a name keeps the name that the others know", async () => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  ada.reset();
  const again = await service.connect();
  const { sessionId, resumeToken } = ada.hello;
  const user = { id: "ada", name: null };
  const hello = await again.request("hello", { user, tabId: "tab-ada", resume: { sessionId, resumeToken } });
  expect(hello.user.name).toBe("ADA");
});

test("policy allow: the name of the second tab is the name of both sessions, and the first tab is told", async () => {
  const service = await startService({ MULTI_TAB_POLICY: "allow" });
  const first = await service.join("ada", "daily");
  const second = await service.hello("ada", { tabId: "two", user: { id: "ada", name: "Countess" } });
  expect(await first.event("name_changed")).toMatchObject({ sessionId: first.hello.sessionId, name: "Countess" });
  const { room } = await second.request("join", { roomId: "daily" });
  expect(room.participants.map(({ name }) => name)).toEqual(["Countess", "Countess"]);
});

test("policy allow: a second tab without a name has the name of the first, and nobody is told anything", async () => {
  const service = await startService({ MULTI_TAB_POLICY: "allow" });
  const first = await service.join("ada", "daily");
  const second = await service.hello("ada", { tabId: "two", user: { id: "ada", name: " " } });
  const { room } = await second.request("join", { roomId: "daily" });
  expect(room.participants.map(({ name }) => name)).toEqual(["ADA", "ADA"]);
  expect(first.events("name_changed")).toEqual([]);
});

test("a transfer with another name: the participant stays and has the new name", async () => {
  const service = await startService();
  const first = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  const second = await service.hello("ada", { tabId: "two", user: { id: "ada", name: "Countess" } });
  const joined = await second.request("join", { roomId: "daily" });
  expect(joined.sessionId).toBe(first.hello.sessionId);
  expect(await bob.event("name_changed")).toMatchObject({ sessionId: joined.sessionId, name: "Countess" });
  expect(joined.room.participants).toMatchObject([{ name: "Countess" }, { name: "BOB" }]);
  expect(bob.events("user_left")).toEqual([]);
});

test("a caller's new name is what the callee's call shows", async () => {
  const service = await startService();
  const ada = await service.hello("ada");
  const bob = await service.hello("bob");
  const { callId } = await ada.request("startCall", { to: "bob", kind: "audio" });
  expect(await bob.event("incoming_call")).toMatchObject({ from: { name: "ADA" } });
  await service.hello("ada", { tabId: "two", user: { id: "ada", name: "Countess" } });
  const again = await service.hello("bob", { tabId: "two" });
  expect(again.hello.call).toMatchObject({ callId, peer: { userId: "ada", name: "Countess" } });
});
