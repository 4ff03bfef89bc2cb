/**
 * One node as full as its descriptors allow, in rooms of 200 whose people all watch each other. What it costs while nothing happens, and how
 * soon everybody is back when it is killed.
 */
import { expect, test } from "vitest";
import { RemoteCrowd } from "../support/crowd/remote-crowd.js";
import { Fleet } from "../support/fleet.js";
import { freePort } from "../support/free-port.js";
import { ServiceProcess } from "../support/service-process.js";
import { until } from "../support/until.js";

/** A process may have 20,000 descriptors in many places. */
const SESSIONS = 19_800;
const IN_A_ROOM = 200;
const CROWDS = 2;
const QUIET_MS = 30_000;
const HEIRS = 2;
/** Twice the default, because the clients share the processor with the service and the test. */
const GRACE_MS = 40_000;

const open = process.report.getReport() as { userLimits?: { open_files?: { soft: number | "unlimited" } } };
const files = open.userLimits?.open_files?.soft ?? "unlimited";
const tooFew = files !== "unlimited" && files < SESSIONS + 200;

test.skipIf(tooFew)(
  `a node with ${SESSIONS} sessions in rooms of ${IN_A_ROOM} answers in time, and when it is killed everybody goes on elsewhere`,
  { timeout: 900_000 },
  async () => {
    const env = {
      RESUME_GRACE_MS: String(GRACE_MS),
      MAX_ROOM_SIZE: String(IN_A_ROOM),
      REBALANCE_PER_SECOND: "0",
    };
    const fleet = await Fleet.start(1, env);
    const [full] = fleet.nodes;
    if (!full) throw new Error("a node was asked for");
    const crowds = await Promise.all(
      Array.from({ length: CROWDS }, (_, n) =>
        RemoteCrowd.enter({
          name: `crowd-${n}`,
          url: full.http,
          count: SESSIONS / CROWDS,
          inARoom: IN_A_ROOM,
          pingIntervalMs: 30_000,
        }),
      ),
    );
    const heirs = await Promise.all(Array.from({ length: HEIRS }, (_, n) => startHeir(`heir-${n + 1}`, fleet, env)));
    await until(async () => (await fleet.metric(full, "lastseen_nodes_seen")) === HEIRS + 1);
    for (const crowd of crowds)
      await crowd.returnTo(
        heirs.map(({ http }) => http),
        "all",
      );
    await pause(QUIET_MS);
    await fleet.metric(full, "lastseen_event_loop_lag_seconds");
    await pause(QUIET_MS);
    const lag = (await fleet.metric(full, "lastseen_event_loop_lag_seconds")) ?? Number.NaN;
    const memory = (await fleet.metric(full, "process_resident_memory_bytes")) ?? Number.NaN;
    expect(await fleet.metric(full, 'lastseen_sessions{state="present"}')).toBe(SESSIONS);

    const killedAt = Date.now();
    full.signal("SIGKILL");
    const missing = async () => Promise.all(crowds.map((crowd) => crowd.missing()));
    await until(async () => (await missing()).every(({ onTheWay }) => onTheWay === 0), 3 * GRACE_MS, 500);
    const backAfterMs = Date.now() - killedAt;
    const lost = (await missing()).flatMap(({ lostBy }) => lostBy);
    const members = (await Promise.all(crowds.map((crowd) => crowd.members()))).flat();
    const sockets = members.reduce((sum, { attempts }) => sum + attempts, 0);
    process.stdout.write(
      `${SESSIONS} sessions in rooms of ${IN_A_ROOM}: event loop p99 ${(1_000 * lag).toFixed(0)} ms, resident memory ` +
        `${(memory / 1e6).toFixed(0)} MB; after SIGKILL all back after ${(backAfterMs / 1_000).toFixed(1)} s with ${(sockets / SESSIONS).toFixed(1)} sockets each, lost: ${lost.length}\n`,
    );
    expect(lost).toEqual([]);
    expect(members.every(({ isConnected, resumes, left }) => isConnected && resumes === 1 && left.length === 0)).toBe(
      true,
    );
  },
);

async function startHeir(nodeId: string, { redis }: Fleet, env: Record<string, string>): Promise<ServiceProcess> {
  const port = await freePort();
  const PUBLIC_URL = `http://127.0.0.1:${port}`;
  return ServiceProcess.start({ PORT: String(port), NODE_ID: nodeId, PUBLIC_URL, REDIS_URL: redis.url, ...env });
}

function pause(forMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, forMs));
}
