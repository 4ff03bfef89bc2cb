/** A node without Redis is stopped and started again, as by a deployment. */
import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../support/free-port.js";
import { sdkClient } from "../../support/node-browser.js";
import { ServiceProcess } from "../../support/service-process.js";
import { until } from "../../support/until.js";
import { Receiver, SECRET } from "../webhook/receiver.js";

const TIMEOUT = { timeout: 120_000 };
const ADMIN = "admin-token-admin-token";

async function settings(env: Record<string, string> = {}) {
  const folder = await mkdtemp(join(tmpdir(), "lastseen-restart-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "sessions.json");
  return { folder, path, env: { PORT: String(await freePort()), RESTART_FILE: path, ADMIN_TOKEN: ADMIN, ...env } };
}

async function restart(service: ServiceProcess, env: Record<string, string>): Promise<ServiceProcess> {
  service.signal("SIGTERM");
  expect(await service.ended()).toBe(0);
  return ServiceProcess.start(env);
}

async function block(service: ServiceProcess, userId: string): Promise<void> {
  const { ok } = await fetch(`${service.http}/api/users/${userId}/block`, {
    method: "PUT",
    headers: { authorization: `Bearer ${ADMIN}`, "content-type": "application/json" },
    body: JSON.stringify({ seconds: 3_600 }),
  });
  expect(ok).toBe(true);
}

test(
  "everybody stays in the room and in the call, a block holds, and the backend hears of no end",
  TIMEOUT,
  async () => {
    const receiver = await Receiver.start();
    const { folder, path, env } = await settings({
      WEBHOOK_URL: `http://127.0.0.1:${receiver.port}/hooks`,
      WEBHOOK_SECRET: SECRET,
    });
    let service = await ServiceProcess.start(env);
    const [ada, bob, eve] = ["ada", "bob", "eve"].map((id) => sdkClient({ url: service.http, user: { id } }));
    if (!ada || !bob || !eve) throw new Error("three people");
    const people = [ada, bob, eve];
    for (const person of people) await person.join("daily");
    bob.on("incoming_call", () => void bob.calls.accept());
    const { callId } = await ada.calls.start("bob", "audio");
    await until(() => ada.calls.current?.state === "active");
    await block(service, "mallory");
    const ids = people.map(({ session }) => session?.sessionId);
    const seen: string[] = [];
    for (const person of people) {
      person.on("user_left", ({ userId, reason }) => seen.push(`${userId} left: ${reason}`));
      person.on("call_ended", ({ reason }) => seen.push(`call ended: ${reason}`));
    }

    service = await restart(service, env);
    expect(service.log.find(({ msg }) => msg === "sessions of the last run go on")).toMatchObject({ sessions: 3 });
    await until(() => people.every(({ state }) => state === "connected"));
    expect(people.map(({ session }) => session?.sessionId)).toEqual(ids);
    expect(ada.calls.current).toMatchObject({ callId, state: "active" });
    await until(async () => {
      const health = (await (await fetch(`${service.http}/api/health`)).json()) as { sessions: number };
      return health.sessions === 3 && eve.room?.participants.every(({ state }) => state === "present") === true;
    });
    expect(eve.room?.participants.map(({ userId }) => userId).toSorted()).toEqual(["ada", "bob", "eve"]);
    expect(seen).toEqual([]);
    const mallory = sdkClient({ url: service.http, user: { id: "mallory" } });
    await expect(mallory.join("daily")).rejects.toMatchObject({ code: "blocked" });
    // What was kept is read once.
    expect(await readdir(folder)).toEqual([]);

    await until(() => receiver.taken.filter(({ type }) => type === "session_adopted").length === 3);
    const types = receiver.taken.map(({ type }) => type);
    expect(types.filter((type) => type === "left" || type === "session_ended")).toEqual([]);
    const [alone, adopted] = [types.lastIndexOf("node_started"), types.indexOf("session_adopted")];
    expect(alone).toBeLessThan(adopted);

    // Who does not come back leaves as anybody else does.
    service.signal("SIGTERM");
    await service.ended();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    await Promise.all(people.map((person) => person.disconnect()));
    service = await ServiceProcess.start({ ...env, RESUME_GRACE_MS: "1000" });
    await until(() => receiver.taken.filter(({ type }) => type === "left").length >= 3);
  },
);

test("a block holds over a restart also when nobody is there", TIMEOUT, async () => {
  const { env } = await settings();
  let service = await ServiceProcess.start(env);
  await block(service, "mallory");
  service = await restart(service, env);
  const mallory = sdkClient({ url: service.http, user: { id: "mallory" } });
  await expect(mallory.join("daily")).rejects.toMatchObject({ code: "blocked" });
});

test("a file that is no kept state is said to be one and does not stop the start", TIMEOUT, async () => {
  const { folder, path, env } = await settings();
  await writeFile(path, '{"format":99}');
  const service = await ServiceProcess.start(env);
  expect(service.log.map(({ msg }) => msg)).toContain(
    "RESTART_FILE is not from this version of the service; all sessions have ended",
  );
  expect(await readdir(folder)).toEqual([]);
});

test("when the file can't be written, the log says so, and the sessions end", TIMEOUT, async () => {
  const { folder, env } = await settings();
  const service = await ServiceProcess.start({ ...env, RESTART_FILE: join(folder, "missing", "sessions.json") });
  const ada = sdkClient({ url: service.http, user: { id: "ada" } });
  await ada.join("daily");
  service.signal("SIGTERM");
  expect(await service.ended()).toBe(0);
  const messages = service.log.map(({ msg }) => msg);
  expect(messages).toContain("RESTART_FILE could not be written; all sessions end");
  expect(service.log.find(({ msg }) => msg === "session left" || msg === "left room")).toBeDefined();
});
