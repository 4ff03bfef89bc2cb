import fc from "fast-check";
import { expect, test } from "vitest";
import { RateLimit } from "../../../src/gateway/rate-limit.js";

const takeMany = (limit: RateLimit, count: number, now: number) => Array.from({ length: count }, () => limit.take(now));

test("the messages of eight seconds pass at once, the next one is refused, and after a second the messages of a second pass", () => {
  const limit = new RateLimit(50, 0);
  expect(takeMany(limit, 400, 0).every((verdict) => verdict === "ok")).toBe(true);
  expect(limit.take(0)).toBe("refuse");
  expect(takeMany(limit, 50, 1_000)).not.toContain("refuse");
  expect(limit.take(1_000)).toBe("refuse");
});

test("a client that sends at the rate is never refused", () => {
  const limit = new RateLimit(50, 0);
  for (let now = 0; now < 600_000; now += 20) expect(limit.take(now)).toBe("ok");
});

test("a client is cut off after the refused messages of ten seconds and one more", () => {
  const limit = new RateLimit(10, 0);
  takeMany(limit, 80, 0);
  expect(takeMany(limit, 100, 0).every((verdict) => verdict === "refuse")).toBe(true);
  expect(limit.take(0)).toBe("cut");
});

test("a client that has been quiet for long enough starts with no refused messages", () => {
  const limit = new RateLimit(10, 0);
  takeMany(limit, 80 + 100, 0);
  expect(limit.take(8_000)).toBe("ok");
  takeMany(limit, 79, 8_000);
  expect(limit.take(8_000)).toBe("refuse");
});

test("never more messages pass than the burst and the rate allow", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 500 }), { maxLength: 2_000 }),
      fc.integer({ min: 1, max: 100 }),
      (gaps, rate) => {
        const limit = new RateLimit(rate, 0);
        let now = 0;
        let passed = 0;
        for (const gap of gaps) {
          now += gap;
          if (limit.take(now) === "ok") passed += 1;
          expect(passed).toBeLessThanOrEqual(rate * 8 + (now * rate) / 1000 + 1e-6);
        }
      },
    ),
    { seed: 20_261_102, numRuns: 100 },
  );
});
