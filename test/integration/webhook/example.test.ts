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
async function startExample(
  more: Record<string, string> = {},
  port?: number,
): Promise<{ url: string; rows(): Promise<string[]> }> {
  const chosen = port ?? (await freePort());
  const env = { ...process.env, WEBHOOK_SECRET: SECRET, PORT: String(chosen), ...more };
  const child = spawn(process.execPath, [EXAMPLE], { env, stdio: "inherit" });
  onTestFinished(async () => {
    const ended = once(child, "exit");
    child.kill();
    await ended;
  });
  const url = `http://127.0.0.1:${chosen}/`;
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

test("the example receiver takes batches, and compares its table with the API when events were dropped", async () => {
  const port = await freePort();
  const WEBHOOK_URL = `http://127.0.0.1:${port}/`;
  const limits = { WEBHOOK_BATCH_MAX: "20", WEBHOOK_QUEUE_MAX: "100" };
  const service = await startService({ WEBHOOK_URL, WEBHOOK_SECRET: SECRET, ...limits });
  const truth: string[] = [];
  // The events of these users are the oldest, so the service drops them while no receiver runs.
  for (let n = 0; n < 20; n += 1) {
    await service.join(`user-${n}`, "daily");
    truth.push(`user-${n} daily present`);
  }
  const bob = await service.hello("bob");
  for (let n = 0; n < 60; n += 1) {
    await bob.request("join", { roomId: "weekly" });
    await bob.request("leave");
  }
  truth.push("bob weekly gone");
  await until(() => service.log.some(({ msg }) => msg === "events for the backend were dropped"));
  const example = await startExample({ LASTSEEN_URL: service.http }, port);
  await until(async () => (await example.rows()).join() === truth.toSorted().join(), 60_000);
});
