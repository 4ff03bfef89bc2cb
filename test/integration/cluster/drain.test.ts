import { describe, expect, test } from "vitest";
import { drainTrial } from "../../support/drain-trial.js";
import { noRedisReason } from "../../support/redis-server.js";

const SESSIONS = 1_000;
/** Much longer than it takes, because a machine that runs other tests can be slow. */
const DEADLINE_MS = 20_000;

describe.skipIf(noRedisReason)("a node with 1,000 sessions is stopped", () => {
  test.each([
    ["in no room", undefined],
    ["in rooms of two", 2],
  ])("all sessions %s go on at the two other nodes, which get equal shares", async (_, inARoom) => {
    const outcome = await drainTrial({ sessions: SESSIONS, inARoom, heirs: 2, deadlineMs: DEADLINE_MS });
    expect(outcome).toMatchObject({ exitCode: 0, handedOver: SESSIONS, left: 0, resumed: SESSIONS, lostBy: [] });
    const [first = 0, second = 0] = outcome.given;
    expect(first + second).toBe(SESSIONS);
    expect(Math.abs(first - second)).toBeLessThanOrEqual(SESSIONS / 10);
  });
});
