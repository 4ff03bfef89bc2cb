import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noMediaReason } from "../../support/media-worker.js";
import { noRedisReason, RedisServer } from "../../support/redis-server.js";
import { startService, type TestService } from "../../support/service.js";
import { until } from "../../support/until.js";
import { Scrape } from "../../integration/http/exposition.js";
import { assertNoFailure } from "../../integration/gateway/bystander.js";
import { announce, CASES, IS_LONG, SEED, TIMEOUT_MS } from "./cases.js";
import { conversations, converse, STEPS } from "./conversation.js";

/** Nothing here is about limits: the frames must reach what they ask for. */
const LOOSE = {
  MAX_MESSAGES_PER_SECOND: "100000",
  MAX_CONNECTIONS: "100000",
  MAX_SESSIONS_PER_USER: "100000",
  MAX_ROOMS: "100000",
  RELOAD_GRACE_MS: "300",
  RESUME_GRACE_MS: "300",
  CALL_RING_TIMEOUT_MS: "2000",
  LOG_LEVEL: "warn",
  ...(noMediaReason === undefined ? { SFU_WORKERS: "1" } : {}),
};
/** No message names this room. */
const QUIET_ROOM = "the bystander's room";

/** What the service holds for the bystander alone. */
const GAUGES_AT_REST = {
  'sessions{state="present"}': 1,
  'sessions{state="away"}': 0,
  'sessions{state="closing"}': 0,
  ghost_sessions: 0,
  stuck_sessions: 0,
  connections: 1,
  rooms: 1,
  participants: 1,
  'media_objects{kind="transport"}': 0,
  'media_objects{kind="producer"}': 0,
  'media_objects{kind="consumer"}': 0,
  'calls{state="ringing"}': 0,
  'calls{state="active"}': 0,
};

function timers(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
}

async function fuzz(service: TestService, cases: number): Promise<void> {
  const bystander = await service.join("bystander", QUIET_ROOM);
  const { version } = (await bystander.request("getRoom")).room;
  const timersBefore = timers();
  let runs = 0;
  const conversation = fc.asyncProperty(conversations, async (chosen) => {
    runs += 1;
    await converse(service, chosen, `fuzz ${runs}`);
    bystander.frames.length = 0;
    bystander.sendRaw('{"type":"ping"}');
    expect(await bystander.frame(() => true)).toEqual({ type: "pong", v: version });
    const { room } = await bystander.request("getRoom");
    expect(room.participants.map(({ userId }) => userId)).toEqual(["bystander"]);
    assertNoFailure(service);
  });
  await fc.assert(conversation, { seed: SEED, numRuns: Math.ceil(cases / STEPS), endOnFailure: true });
  expect(Object.keys(Object.prototype)).toEqual([]);
  await assertNothingLeft(service, timersBefore);
}

async function assertNothingLeft(service: TestService, timersBefore: number): Promise<void> {
  const { registry, reaper } = service.app;
  await until(() => registry.size === 1 && reaper.unfinished === 0);
  await expect
    .poll(async () => {
      const scrape = await Scrape.of(service);
      return Object.fromEntries(Object.keys(GAUGES_AT_REST).map((name) => [name, scrape.value(name)]));
    })
    .toEqual(GAUGES_AT_REST);
  expect(reaper.stuck).toEqual([]);
  await expect.poll(timers).toBeLessThanOrEqual(timersBefore + 2);
}

describe("whatever clients send, the service answers once or closes, and nobody else feels it", () => {
  beforeAll(() => announce("fuzzing of messages"));

  test("with the store in memory", { timeout: TIMEOUT_MS }, async () => {
    await fuzz(await startService(LOOSE), CASES);
  });

  describe.skipIf(!IS_LONG || noRedisReason !== undefined)("in the long form", () => {
    let redis: RedisServer;
    beforeAll(async () => {
      redis = await RedisServer.start();
    });
    afterAll(() => redis.stop());

    test("with a real Redis", { timeout: TIMEOUT_MS }, async () => {
      const service = await startService({ ...LOOSE, REDIS_URL: redis.url });
      await expect.poll(() => service.get("/health/ready").then(({ status }) => status)).toBe(200);
      await fuzz(service, Math.ceil(CASES / 4));
      expect(await redis.cli("HLEN", "lastseen:{all}:sessions")).toBe("1");
      expect(await redis.cli("HLEN", "lastseen:{all}:rooms")).toBe("1");
      expect(await redis.cli("HLEN", "lastseen:{all}:calls-by-user")).toBe("0");
    });
  });
});
