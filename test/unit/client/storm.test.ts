import { describe, expect, it } from "vitest";
import { FullJitterPolicy } from "../../../packages/client/src/reconnect-policy.js";
import { ReconnectTimer } from "../../../packages/client/src/reconnect-timer.js";
import { Random } from "../../support/random.js";

const CLIENTS = 10_000;
const GRACE_MS = 20_000;
/** How long the service takes to answer an attempt, at most. */
const ANSWER_MS = 1_000;
/** How long a client takes to connect on a good day. */
const USUAL_MS = 200;

/** How an attempt fails during the outage, and how long the client needs to learn that. */
const FAILURES = {
  "the service refuses each attempt at once": () => 30,
  "nothing answers an attempt": (limitMs: number) => limitMs,
};

/** @returns when the attempts of one client begin, in ms after the loss; the last one succeeds */
function attemptsOf(random: Random, outageMs: number, failure: (limitMs: number) => number): number[] {
  let now = 0;
  const policy = new FullJitterPolicy({ random: () => random.next() });
  const timer = new ReconnectTimer({ now: () => now, set: () => 0, clear: () => {} }, policy, () => {});
  timer.connected(GRACE_MS);
  const attempts: number[] = [];
  for (;;) {
    now += timer.schedule(attempts.length === 0 ? "socket_closed" : "connect_failed", false)?.delayMs ?? NaN;
    attempts.push(now);
    if (now >= outageMs) return attempts;
    now += failure(timer.attemptLimitMs(USUAL_MS));
  }
}

function busiestShare(times: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const time of times) {
    const slot = Math.floor(time / 100);
    counts.set(slot, (counts.get(slot) ?? 0) + 1);
  }
  return Math.max(...counts.values()) / CLIENTS;
}

describe.each(Object.entries(FAILURES))("10,000 clients lose the service at one moment, and %s", (_how, failure) => {
  it.each([3_000, 8_000, 15_000, 18_000])("for %i ms: nobody loses the session", (outageMs) => {
    const random = new Random(outageMs);
    const clients = Array.from({ length: CLIENTS }, () => attemptsOf(random, outageMs, failure));
    const back = clients.map((attempts) => attempts.at(-1) ?? NaN);
    expect(Math.max(...back) + ANSWER_MS).toBeLessThanOrEqual(GRACE_MS);
    // The first attempts begin within 500 ms, so that the others see nobody away after a short interruption. A service that
    // is not there bears that; when it is back, the clients come at many moments.
    expect(busiestShare(clients.flat())).toBeLessThan(0.31);
    expect(busiestShare(back)).toBeLessThan(0.12);
  });

  it("for longer than the grace: each makes at least four attempts within it, the last one in its last two seconds", () => {
    const random = new Random(5);
    for (let client = 0; client < CLIENTS; client += 1) {
      const within = attemptsOf(random, 60_000, failure).filter((at) => at + ANSWER_MS <= GRACE_MS);
      expect(within.length).toBeGreaterThanOrEqual(4);
      expect(within.at(-1)).toBeGreaterThanOrEqual(GRACE_MS - 2_000);
    }
  });
});
