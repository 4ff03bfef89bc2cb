import { expect, test } from "vitest";
import type { LastseenClient } from "../../../packages/client/src/client.js";
import { TestClient } from "../../support/test-client.js";
import { until } from "../../support/until.js";
import { Fleet } from "../../support/fleet.js";

const roomOf = (client: LastseenClient): string[] =>
  (client.room?.participants ?? []).map(({ userId }) => userId).toSorted();

test("three nodes are one service: people at any of them meet in one room, tabs of one user find each other, operators see all", async () => {
  const fleet = await Fleet.start(3);
  const [first, second, third] = fleet.nodes;
  if (!first || !second || !third) throw new Error("three nodes were asked for");

  const ada = fleet.client("ada", first.http);
  const bob = fleet.client("bob", second.http);
  const eve = fleet.client("eve", third.http);
  await Promise.all([ada.join("daily"), bob.join("daily"), eve.join("daily")]);
  await until(() => [ada, bob, eve].every((client) => roomOf(client).join() === "ada,bob,eve"));
  const home = await fleet.homeOf("daily");
  expect(new Set([ada, bob, eve].map((client) => client.session?.nodeId)).size).toBe(1);

  // A second tab on any node takes the session over.
  const left: string[] = [];
  bob.on("user_left", ({ userId }) => left.push(userId));
  const elsewhere = fleet.nodes.find((node) => node !== home);
  const adasPhone = fleet.client("ada", elsewhere?.http);
  await adasPhone.join("daily");
  await until(() => ada.state === "disconnected");
  expect(left).toEqual([]);
  expect(adasPhone.room?.participants).toHaveLength(3);

  // Operators: every node answers for all of them.
  const usersAt = async ({ http }: { http: string }): Promise<string> => {
    const { sessions } = (await (await fetch(`${http}/api/sessions`)).json()) as { sessions: { userId: string }[] };
    return sessions
      .map(({ userId }) => userId)
      .toSorted()
      .join();
  };
  // Clients that were redirected have ended a session on their first node. Its end may still be under way.
  for (const node of fleet.nodes) await until(async () => (await usersAt(node)) === "ada,bob,eve");
  // The answer names a node as missing that is too busy to answer in time.
  const rooms = async () => (await (await fetch(`${elsewhere?.http}/api/rooms`)).json()) as object;
  await expect.poll(rooms).toMatchObject({ rooms: [{ id: "daily", participants: 3 }], missing: [] });
  const sessionOfEve = eve.session?.sessionId;
  const kicked = await fetch(`${elsewhere?.http}/api/sessions/${sessionOfEve}`, { method: "DELETE" });
  expect(kicked.status).toBe(204);
  await until(() => eve.state === "disconnected");
  await until(() => roomOf(bob).join() === "ada,bob");
  const timeline = await fetch(`${elsewhere?.http}/api/sessions/${sessionOfEve}/timeline`);
  expect(timeline.status).toBe(200);
  expect((await fetch(`${elsewhere?.http}/api/rooms/daily`, { method: "DELETE" })).status).toBe(204);
  await until(() => bob.room === undefined);
});

test("the service tells a client without redirects where the room is, and any node finds a session", async () => {
  const fleet = await Fleet.start(2);
  const [first, second] = fleet.nodes;
  if (!first || !second) throw new Error("two nodes were asked for");
  const ada = await TestClient.open(first.ws);
  const hello = await ada.request("hello", { user: { id: "ada" }, tabId: "t1" });
  await ada.request("join", { roomId: "daily" });
  const bob = await TestClient.open(second.ws);
  await bob.request("hello", { user: { id: "bob" }, tabId: "t2" });
  expect(await bob.ask("join", { roomId: "daily" })).toMatchObject({
    ok: false,
    error: { code: "redirect", message: expect.stringContaining("PUBLIC_URL"), data: { url: first.http } },
  });
  const stranger = await TestClient.open(second.ws);
  const resume = { sessionId: hello.sessionId, resumeToken: hello.resumeToken };
  expect(await stranger.ask("hello", { user: { id: "ada" }, tabId: "t1", resume })).toMatchObject({
    ok: false,
    error: { code: "redirect", data: { url: first.http } },
  });
  expect(
    await stranger.ask("hello", { user: { id: "ada" }, tabId: "t1", resume: { ...resume, sessionId: "nobody" } }),
  ).toMatchObject({
    ok: false,
    error: { code: "session_gone" },
  });
  for (const client of [ada, bob, stranger]) client.reset();
});
