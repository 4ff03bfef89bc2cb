import { expect, test } from "vitest";
import { Fleet } from "../../support/fleet.js";
import { TestClient } from "../../support/test-client.js";

test("of a node that does not answer nobody is said to be missing: it is named, and what only it can do may be tried again", async () => {
  const fleet = await Fleet.start(2);
  const [stopped, asked] = fleet.nodes;
  if (!stopped || !asked) throw new Error("two nodes were asked for");
  const ada = await TestClient.open(stopped.ws);
  const { sessionId } = await ada.request("hello", { user: { id: "ada" }, tabId: "t1" });
  await ada.request("join", { roomId: "daily" });
  const kick = () => fetch(`${asked.http}/api/sessions/${sessionId}`, { method: "DELETE" });

  stopped.signal("SIGSTOP");
  try {
    const sessions = await fetch(`${asked.http}/api/sessions`);
    expect(await sessions.json()).toMatchObject({ sessions: [], missing: ["node-1"] });
    const refused = await kick();
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({
      error: { code: "overloaded", message: "Node node-1 does not answer." },
    });
    expect((await fetch(`${asked.http}/api/rooms/daily`)).status).toBe(503);
    expect((await fetch(`${asked.http}/api/rooms/weekly`)).status).toBe(404);
  } finally {
    stopped.signal("SIGCONT");
  }
  // What it was asked while it stood still, it does now.
  expect(await ada.closed()).toBe(4403);
  expect((await kick()).status).toBe(404);
});
