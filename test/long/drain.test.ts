import { describe, expect, test } from "vitest";
import { drainTrial } from "../support/drain-trial.js";
import { noRedisReason } from "../support/redis-server.js";

/** The default of `DRAIN_TIMEOUT_MS`, and the time in which a process that has drained ends. */
const DEADLINE_MS = 6_000;
const END_MS = 4_000;
/** Files that the node needs beside the sockets of its clients. */
const OTHER_FILES = 100;

const open = process.report.getReport() as { userLimits?: { open_files?: { hard: number | "unlimited" } } };
const files = open.userLimits?.open_files?.hard ?? "unlimited";
const SESSIONS = files === "unlimited" ? 20_000 : Math.min(20_000, files - OTHER_FILES);

describe.skipIf(noRedisReason)(`a node with ${SESSIONS} sessions is stopped`, () => {
  test.each([
    ["in no room", undefined],
    ["in rooms of two", 2],
  ])(
    "sessions %s are all handed over within the deadline, in equal shares, and the event loop never stands still for long",
    { timeout: 600_000 },
    async (kind, inARoom) => {
      const outcome = await drainTrial({ sessions: SESSIONS, inARoom, heirs: 2, deadlineMs: DEADLINE_MS });
      const { lostBy, ...figures } = outcome;
      process.stdout.write(`${SESSIONS} sessions ${kind}: ${JSON.stringify({ ...figures, lost: lostBy.length })}\n`);
      expect(outcome).toMatchObject({ exitCode: 0, handedOver: SESSIONS, left: 0, resumed: SESSIONS, lostBy: [] });
      expect(outcome.tookMs).toBeLessThan(DEADLINE_MS + END_MS);
      const [first = 0, second = 0] = outcome.given;
      expect(Math.abs(first - second)).toBeLessThanOrEqual(SESSIONS / 10);
      expect(outcome.stillMs).toBeLessThan(200);
    },
  );
});
