import { expect, test } from "vitest";
import { Fleet } from "../support/fleet.js";
import { until } from "../support/until.js";
import { entriesOf, mentionsOf, SlowLog } from "./node-death/redis-inspection.js";
import { RemoteCrowd } from "../support/crowd/remote-crowd.js";
import { Report } from "./node-death/report.js";
import { Survivor } from "./node-death/survivor.js";

const DOOMED = 10_000;
const ELSEWHERE = 3_000;
const IN_A_ROOM = 10;
const RETURNING = DOOMED / 2;
/** Twice the default, because five thousand returning clients share two cores with the service and the test. */
const GRACE_MS = 40_000;
/** The other nodes must notice a dead node within this time. */
const CONTRACT_MS = 15_000;
/** Covers the timelines of the last thousand ended sessions, and hash tables that do not shrink. */
const HEAP_TOLERANCE_MB = 25;

const open = process.report.getReport() as { userLimits?: { open_files?: { soft: number | "unlimited" } } };
const files = open.userLimits?.open_files?.soft ?? "unlimited";
const tooFew = files !== "unlimited" && files < DOOMED + 1_000;

test.skipIf(tooFew)(
  "a node with 10,000 sessions is killed: returning clients go on elsewhere, the others leave once, nobody else notices",
  { timeout: 600_000 },
  async () => {
    // All sessions stay on the first node until it is killed.
    const staying = { REBALANCE_PER_SECOND: "0" };
    const fleet = await Fleet.start(1, staying);
    const [doomed] = fleet.nodes;
    if (!doomed) throw new Error("a node was asked for");
    const inARoom = IN_A_ROOM;
    const crowd = await RemoteCrowd.enter({
      name: "doomed",
      url: doomed.http,
      count: DOOMED,
      inARoom,
      pingIntervalMs: 30_000,
    });
    // These nodes start later, so that all present rooms are on the first node and the bystanders' rooms on these nodes.
    const env = { ...staying, REDIS_URL: fleet.redis.url, RESUME_GRACE_MS: String(GRACE_MS) };
    const survivors = await Promise.all(["node-2", "node-3"].map((id) => Survivor.start(id, env)));
    const urls = survivors.map(({ process }) => process.http);
    await crowd.returnTo(urls, "half");
    const bystanders = await RemoteCrowd.enter({
      name: "live",
      url: urls[0] ?? "",
      count: ELSEWHERE,
      inARoom,
      pingIntervalMs: 3_000,
    });
    const sessions = (): Promise<number> => entriesOf(fleet.redis, "sessions");
    await until(async () => (await sessions()) === DOOMED + ELSEWHERE, 60_000);
    const heapBefore = await Promise.all(survivors.map((node) => node.heapMb()));
    const report = await Report.begin({ bystanders, survivors, slowLog: await SlowLog.keep(fleet.redis) });
    await report.pongs(2 * ELSEWHERE);
    await report.phase("before");

    const killedAt = Date.now();
    doomed.signal("SIGKILL");
    await until(async () => (await crowd.missing()).onTheWay === 0, 120_000, 500);
    expect((await crowd.missing()).lostBy).toEqual([]);
    const backAfterMs = Date.now() - killedAt;
    await report.phase("until everybody is back");
    await until(async () => (await sessions()) === RETURNING + ELSEWHERE, 90_000);
    const cleanedAfterMs = Date.now() - killedAt;
    await report.phase("until the others are cleaned up");

    const adopted = survivors.flatMap((node) => node.said("session adopted"));
    const claimsMs = adopted.map(({ atMs }) => atMs - killedAt);
    expect(Math.min(...claimsMs)).toBeLessThanOrEqual(CONTRACT_MS);
    expect(adopted).toHaveLength(DOOMED);
    expect(new Set(adopted.map(({ sessionId }) => sessionId)).size).toBe(DOOMED);

    const members = await crowd.members();
    const returned = members.filter(({ isConnected }) => isConnected);
    const gone = new Set(members.filter(({ isConnected }) => !isConnected).map(({ sessionId }) => sessionId));
    expect(returned).toHaveLength(RETURNING);
    for (const { resumes, lostBy, epoch, firstEpoch, mediaResets } of returned) {
      expect({ resumes, lostBy, mediaResets }).toEqual({ resumes: 1, lostBy: undefined, mediaResets: ["node_lost"] });
      // One new epoch for the takeover, and one for the resume.
      expect(epoch).toBeGreaterThan(firstEpoch + 1);
    }
    const left = survivors.flatMap((node) => node.said("left room"));
    expect(new Set(left.map(({ reason }) => reason))).toEqual(new Set(["node_lost"]));
    expect(left.map(({ sessionId }) => sessionId).toSorted()).toEqual([...gone].toSorted());
    for (const { left: told } of returned) {
      expect(told.map(({ reason }) => reason)).toEqual(Array(IN_A_ROOM / 2).fill("node_lost"));
      expect(new Set(told.map(({ sessionId }) => sessionId)).size).toBe(IN_A_ROOM / 2);
    }

    expect(await mentionsOf(fleet.redis, "node-1@")).toEqual([]);
    for (const index of ["sessions", "sessions-by-lease", "sessions-by-room", "sessions-by-user"] as const) {
      expect(await entriesOf(fleet.redis, index)).toBe(RETURNING + ELSEWHERE);
    }
    for (const index of ["rooms", "rooms-by-lease"] as const) {
      expect(await entriesOf(fleet.redis, index)).toBe((DOOMED + ELSEWHERE) / IN_A_ROOM);
    }
    expect(await entriesOf(fleet.redis, "leases")).toBe(survivors.length);

    for (const { userId, isConnected, left: told } of await bystanders.members()) {
      expect({ userId, isConnected, told }).toEqual({ userId, isConnected: true, told: [] });
    }
    expect(report.unansweredMs).toBeLessThan(CONTRACT_MS);

    await crowd.close();
    await until(async () => (await sessions()) === ELSEWHERE, 90_000);
    const heapAfter = await Promise.all(survivors.map((node) => node.heapMb()));
    report.print([
      `first session claimed ${seconds(Math.min(...claimsMs))} after the kill, last ${seconds(Math.max(...claimsMs))}`,
      `everybody back after ${seconds(backAfterMs)}, the others cleaned up after ${seconds(cleanedAfterMs)}`,
      `heap of the survivors: ${heapBefore.map(mebi).join(", ")} before, ${heapAfter.map(mebi).join(", ")} after`,
    ]);
    for (const [index, heap] of heapAfter.entries()) {
      expect(heap).toBeLessThan((heapBefore[index] ?? 0) + HEAP_TOLERANCE_MB);
    }
  },
);

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
const mebi = (value: number): string => `${value.toFixed(0)} MiB`;
