import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../support/free-port.js";
import { startService } from "../../support/service.js";
import { until } from "../../support/until.js";
import { SECRET } from "./receiver.js";

const EXAMPLE = fileURLToPath(new URL("../../../examples/webhook-receiver/receiver.js", import.meta.url));

interface Row {
  userId: string;
  roomId: string;
  state: string;
}

/** The receiver of the examples, in its own process. */
async function startExample(): Promise<{ url: string; rows(): Promise<string[]> }> {
  const port = await freePort();
  const env = { ...process.env, WEBHOOK_SECRET: SECRET, PORT: String(port) };
  const child = spawn(process.execPath, [EXAMPLE], { env, stdio: "inherit" });
  onTestFinished(async () => {
    const ended = once(child, "exit");
    child.kill();
    await ended;
  });
  const url = `http://127.0.0.1:${port}/`;
  await until(() =>
    fetch(url).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return {
    url,
    async rows() {
      const rows = (await (await fetch(url)).json()) as Row[];
      return rows.map(({ userId, roomId, state }) => `${userId} ${roomId} ${state}`).toSorted();
    },
  };
}

test("the example receiver knows who is in the room, also after a restart, and refuses unsigned events", async () => {
  const example = await startExample();
  const settings = { WEBHOOK_URL: example.url, WEBHOOK_SECRET: SECRET };
  const service = await startService(settings);
  await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  const cid = await service.join("cid", "daily");
  await bob.request("leave");
  cid.reset();
  await until(async () => (await example.rows()).join() === "ada daily present,bob daily gone,cid daily away");

  const forged = { type: "joined", sessionId: "x", userId: "eve", roomId: "daily", epoch: 1, sequence: 1 };
  const answer = await fetch(example.url, { method: "POST", body: JSON.stringify(forged) });
  expect(answer.status).toBe(401);
  expect((await example.rows()).join()).not.toContain("eve");

  await service.close();
  await until(async () => (await example.rows()).every((row) => row.endsWith("gone")));
  const next = await startService(settings);
  await next.join("ada", "daily");
  await until(async () => (await example.rows()).includes("ada daily present"));
});
