import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { RemoteCrowd } from "./crowd/remote-crowd.js";
import { Fleet } from "./fleet.js";
import { freePort } from "./free-port.js";
import { ServiceProcess } from "./service-process.js";
import { until } from "./until.js";

/** Twice the default, because the clients share the processor with the service and the test. */
const GRACE_MS = 40_000;
/** The clients of one process. */
const CROWD = 10_000;

/**
 * Makes a node write twice a second how long its event loop stood still at most. It writes into a file, because a write to stdout can
 * wait for this process, which reads the log lines of all sessions. `SERVICE_NODE_OPTIONS` adds options of node, such as a profiler.
 */
const LOOP_WATCH = `
  import { appendFile, appendFileSync } from "node:fs";
  const file = process.env.LOOP_WATCH_FILE;
  let last = performance.now(), worst = 0;
  setInterval(() => { const now = performance.now(); worst = Math.max(worst, now - last - 10); last = now; }, 10).unref();
  const line = () => { const text = JSON.stringify({ ms: worst, time: Date.now() }) + "\\n"; worst = 0; return text; };
  setInterval(() => appendFile(file, line(), () => {}), 500).unref();
  process.on("exit", () => appendFileSync(file, line()));
`;
const IMPORT = `--import=data:text/javascript,${encodeURIComponent(LOOP_WATCH)}`;

export interface DrainOutcome {
  exitCode: number | null;
  /** From SIGTERM until the process had ended. */
  tookMs: number;
  /** What the stopped node has logged. */
  handedOver: number;
  left: number;
  /** How many of the sessions each heir holds. */
  given: readonly number[];
  /** How many clients go on with their sessions at an heir. */
  resumed: number;
  /** Why the others do not. */
  lostBy: readonly string[];
  backAfterMs: number;
  /** How long the event loop of the stopped node stood still at most; the same of each heir. */
  stillMs: number;
  heirsStillMs: readonly number[];
  /** Scripts that Redis ran from SIGTERM until the process had ended. */
  scripts: number;
}

/**
 * Fills a node with sessions, starts nodes that can take them, and stops the node with SIGTERM. All clients come back to the
 * other nodes, with the client library's back-off.
 */
export async function drainTrial({
  sessions,
  inARoom,
  heirs: heirCount,
  deadlineMs,
}: {
  sessions: number;
  inARoom: number | undefined;
  heirs: number;
  /** `DRAIN_TIMEOUT_MS`. */
  deadlineMs: number;
}): Promise<DrainOutcome> {
  const folder = mkdtempSync(join(tmpdir(), "lastseen-drain-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const watchOf = (nodeId: string): string => join(folder, nodeId);
  const envOf = (nodeId: string) => ({
    RESUME_GRACE_MS: String(GRACE_MS),
    DRAIN_TIMEOUT_MS: String(deadlineMs),
    // All sessions stay on the first node until it is stopped.
    REBALANCE_PER_SECOND: "0",
    NODE_OPTIONS: `${process.env["SERVICE_NODE_OPTIONS"] ?? ""} ${IMPORT}`,
    LOOP_WATCH_FILE: watchOf(nodeId),
  });
  const fleet = await Fleet.start(1, envOf);
  const [stopped] = fleet.nodes;
  if (!stopped) throw new Error("a node was asked for");
  const sizes = Array.from({ length: Math.ceil(sessions / CROWD) }, (_, n) => Math.min(CROWD, sessions - n * CROWD));
  const crowds: RemoteCrowd[] = [];
  for (const [n, count] of sizes.entries()) {
    const room = inARoom === undefined ? {} : { inARoom };
    crowds.push(
      await RemoteCrowd.enter({ name: `crowd-${n}`, url: stopped.http, count, pingIntervalMs: 30_000, ...room }),
    );
  }
  // These nodes start later, so that all rooms are on the first node.
  const heirNames = Array.from({ length: heirCount }, (_, n) => `heir-${n + 1}`);
  const heirs = await Promise.all(heirNames.map((nodeId) => startHeir(nodeId, fleet, envOf(nodeId))));
  await until(async () => (await fleet.metric(stopped, "lastseen_nodes_seen")) === heirCount + 1);
  for (const crowd of crowds)
    await crowd.returnTo(
      heirs.map(({ http }) => http),
      "all",
    );
  await until(async () => (await sessionsOf(stopped)) === sessions);

  const [scriptsBefore, begin] = [await scriptsOf(fleet), Date.now()];
  stopped.signal("SIGTERM");
  const exitCode = await stopped.ended();
  const tookMs = Date.now() - begin;
  const scripts = (await scriptsOf(fleet)) - scriptsBefore;
  const missing = async () => Promise.all(crowds.map((crowd) => crowd.missing()));
  const isBack = async () => (await missing()).every(({ onTheWay }) => onTheWay === 0);
  // Who is not back then counts as not resumed.
  await until(isBack, 2 * GRACE_MS, 500).catch(() => {});
  const backAfterMs = Date.now() - begin;
  const members = (await Promise.all(crowds.map((crowd) => crowd.members()))).flat();
  const drained = stopped.log.find(({ msg }) => msg === "drained");
  expect(drained).toBeDefined();
  return {
    exitCode,
    tookMs,
    handedOver: Number(drained?.["handedOver"]),
    left: Number(drained?.["left"]),
    given: heirs.map(({ log }) => log.filter(({ msg }) => msg === "session adopted").length),
    resumed: members.filter(({ resumes, lostBy, isConnected }) => isConnected && resumes > 0 && !lostBy).length,
    lostBy: (await missing()).flatMap(({ lostBy }) => lostBy),
    backAfterMs,
    stillMs: longestStill(watchOf("node-1"), begin),
    heirsStillMs: heirNames.map((nodeId) => longestStill(watchOf(nodeId), begin)),
    scripts,
  };
}

async function startHeir(nodeId: string, { redis }: Fleet, env: Record<string, string>): Promise<ServiceProcess> {
  const port = await freePort();
  const PUBLIC_URL = `http://127.0.0.1:${port}`;
  return ServiceProcess.start({ PORT: String(port), NODE_ID: nodeId, PUBLIC_URL, REDIS_URL: redis.url, ...env });
}

async function sessionsOf({ http }: ServiceProcess): Promise<number> {
  return ((await (await fetch(`${http}/api/health`)).json()) as { sessions: number }).sessions;
}

async function scriptsOf({ redis }: Fleet): Promise<number> {
  const stats = await redis.cli("info", "commandstats");
  const calls = [...stats.matchAll(/^cmdstat_eval(?:sha)?:calls=(\d+)/gm)].map(([, count]) => Number(count));
  return calls.reduce((sum, count) => sum + count, 0);
}

function longestStill(file: string, since: number): number {
  const lines = readFileSync(file, "utf8").trim().split("\n");
  const watched = lines.map((line) => JSON.parse(line) as { ms: number; time: number });
  return Math.round(Math.max(...watched.filter(({ time }) => time > since).map(({ ms }) => ms)));
}
