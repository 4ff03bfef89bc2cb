import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { Balancer } from "../../support/balancer.js";
import { freePort } from "../../support/free-port.js";
import { addressPatch, containerOf, podEnvironment, the } from "../../support/kubernetes.js";
import { sdkClient } from "../../support/node-browser.js";
import { noRedisReason, RedisServer } from "../../support/redis-server.js";
import { ADMIN_TOKEN, JWT_SECRET, METRICS_TOKEN } from "../../support/secrets.js";
import { ServiceProcess } from "../../support/service-process.js";
import { until } from "../../support/until.js";
import { goodToken } from "../gateway/tokens.js";

/** What docs/kubernetes.md says about the service is true: the service runs here with the environment of the pods. */

const container = containerOf(the("StatefulSet"));
const SECRETS_PATH = "/run/secrets/lastseen";
const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe].map(
  (probe) => probe?.httpGet?.path ?? "",
);

/** The service as it runs in a pod, but on a port of this machine, with a shorter drain, and without media. */
async function startPod(name: string, redis: RedisServer): Promise<ServiceProcess> {
  const folder = temporaryFolder();
  const secrets = {
    redis_url: redis.url,
    jwt_secret: JWT_SECRET,
    admin_token: ADMIN_TOKEN,
    metrics_token: METRICS_TOKEN,
  };
  for (const [key, secret] of Object.entries(secrets)) writeFileSync(join(folder, key), secret);
  const pod = podEnvironment({ "metadata.name": name, "status.hostIP": "127.0.0.1" });
  const port = await freePort();
  return ServiceProcess.start({
    LASTSEEN_ENV: "production",
    ...Object.fromEntries(Object.entries(pod).map(([key, value]) => [key, value.replace(SECRETS_PATH, folder)])),
    HOST: "127.0.0.1",
    PORT: String(port),
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    DRAIN_TIMEOUT_MS: "3000",
    SFU_WORKERS: "0",
  });
}

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "lastseen-pod-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function ask({ http }: ServiceProcess, path: string): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${http}${path}`);
  return { status: answer.status, body: await answer.json() };
}

const statusesOf = (pod: ServiceProcess): Promise<number[]> =>
  Promise.all(probes.map(async (path) => (await ask(pod, path)).status));

async function startPods(): Promise<{ redis: RedisServer; pods: ServiceProcess[]; url: string }> {
  const redis = await RedisServer.start();
  onTestFinished(() => redis.stop());
  const pods = await Promise.all(["lastseen-0", "lastseen-1"].map((name) => startPod(name, redis)));
  const seesBoth = async (pod: ServiceProcess): Promise<boolean> => {
    const headers = { authorization: `Bearer ${METRICS_TOKEN}` };
    const metrics = await (await fetch(`${pod.http}/metrics`, { headers })).text();
    return metrics.includes("\nlastseen_nodes_seen 2\n");
  };
  for (const pod of pods) await until(() => seesBoth(pod));
  const { http } = await Balancer.start(pods.map(({ port }) => port));
  return { redis, pods, url: http };
}

describe.skipIf(noRedisReason)("the service with the environment of the pods", () => {
  test("when Kubernetes stops a pod, it is alive and not ready while it hands its rooms over, and exits with 0", async () => {
    const { pods, url } = await startPods();
    for (const pod of pods) expect(await statusesOf(pod)).toEqual([200, 200, 200]);
    const clients = ["ada", "bob"].map((id) => sdkClient({ url, getToken: () => Promise.resolve(goodToken(id)) }));
    await Promise.all(clients.map((client) => client.join("daily")));
    await until(() => clients.every(({ room }) => room?.participants.length === 2));
    const left: string[] = [];
    for (const client of clients) client.on("user_left", ({ userId }) => left.push(userId));
    const sessionIds = clients.map(({ session }) => session?.sessionId);
    const home = clients[0]?.session?.nodeId;
    const [stopped, other] = home === "lastseen-0" ? pods : pods.toReversed();
    if (!stopped || !other) throw new Error("two pods were started");

    stopped.signal("SIGTERM");
    await until(async () => (await ask(stopped, "/health/ready")).status === 503);
    expect(await ask(stopped, "/health/ready")).toMatchObject({
      status: 503,
      body: { draining: true, reasons: ["draining"] },
    });
    expect((await ask(stopped, "/health/live")).status).toBe(200);
    expect(await stopped.ended()).toBe(0);
    await until(() => clients.every(({ session, state }) => session?.nodeId !== home && state === "connected"));
    expect(clients.map(({ session }) => session?.sessionId)).toEqual(sessionIds);
    expect(left).toEqual([]);
    expect(await statusesOf(other)).toEqual([200, 200, 200]);
  });

  test("while Redis is away, Kubernetes has no reason to restart a pod or to take it out of the Service", async () => {
    const { redis, pods } = await startPods();
    redis.signal("SIGSTOP");
    for (const pod of pods) {
      await until(async () => JSON.stringify((await ask(pod, "/api/health")).body).includes('"redis":"failing"'));
      expect(await statusesOf(pod)).toEqual([200, 200, 200]);
    }
    redis.signal("SIGCONT");
  });
});

describe.skipIf(process.platform === "win32")("the patch for public addresses", () => {
  const run = (addresses: Record<string, string>) => {
    const folder = temporaryFolder();
    const mounted = join(folder, "addresses");
    mkdirSync(mounted);
    for (const [machine, address] of Object.entries(addresses)) writeFileSync(join(mounted, machine), address);
    const [shell = "", ...args] = containerOf(addressPatch()).args ?? [];
    const script = args
      .map((arg) => arg.replace("/etc/lastseen/addresses", mounted))
      .map((arg) => arg.replace(/exec node .*/, "exec node -p process.env.SFU_ANNOUNCED_IP"));
    return spawnSync(shell, script, { encoding: "utf8", env: { ...process.env, NODE_NAME: "machine-2" } });
  };

  test("gives the node the address of its machine", () => {
    expect(run({ "machine-1": "203.0.113.1", "machine-2": "203.0.113.2" }).stdout).toBe("203.0.113.2\n");
  });

  test("gives no address when the machine has no entry", () => {
    const { stdout, stderr } = run({ "machine-1": "203.0.113.1" });
    expect(stdout).toBe("\n");
    expect(stderr).toContain("machine-2");
  });
});
