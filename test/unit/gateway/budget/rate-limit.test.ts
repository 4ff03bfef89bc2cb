import fc from "fast-check";
import { expect, test } from "vitest";
import { BYTES_PER_MESSAGE, RateLimit } from "../../../../src/gateway/budget/rate-limit.js";

const takeMany = (limit: RateLimit, count: number, now: number) =>
  Array.from({ length: count }, () => limit.take(now, 15));

test("the messages of eight seconds pass at once, the next one is refused, and after a second the messages of a second pass", () => {
  const limit = new RateLimit(50, 0);
  expect(takeMany(limit, 400, 0).every((verdict) => verdict === "ok")).toBe(true);
  expect(limit.take(0, 15)).toBe("refuse");
  expect(takeMany(limit, 50, 1_000)).not.toContain("refuse");
  expect(limit.take(1_000, 15)).toBe("refuse");
});

test("a client that sends at the rate is never refused", () => {
  const limit = new RateLimit(50, 0);
  for (let now = 0; now < 600_000; now += 20) expect(limit.take(now, 15)).toBe("ok");
});

test("a client is cut off after the refused messages of ten seconds and one more", () => {
  const limit = new RateLimit(10, 0);
  takeMany(limit, 80, 0);
  expect(takeMany(limit, 100, 0).every((verdict) => verdict === "refuse")).toBe(true);
  expect(limit.take(0, 15)).toBe("cut");
});

test("a client that goes on after it was cut off is dropped", () => {
  const limit = new RateLimit(10, 0);
  takeMany(limit, 80 + 100, 0);
  expect(takeMany(limit, 100, 0).every((verdict) => verdict === "cut")).toBe(true);
  expect(limit.take(0, 15)).toBe("drop");
});

test("a large frame counts as many messages", () => {
  const limit = new RateLimit(50, 0);
  const large = 64 * 1024;
  const verdicts = Array.from({ length: 60 }, () => limit.take(0, large));
  expect(verdicts.filter((verdict) => verdict === "ok")).toHaveLength((50 * 8 * BYTES_PER_MESSAGE) / large);
  expect(limit.take(1_000, large)).toBe("ok");
});

test.each([
  ["2.5 MB each second in large frames", 64 * 1024, 40, 1_000],
  ["1 MB twice each second", 64 * 1024, 16, 500],
  ["14 MB each second in frames of 6 bytes", 6, 2_400, 1],
])("a client that sends %s is cut off within some seconds", (_what, bytes, frames, everyMs) => {
  const limit = new RateLimit(50, 0);
  let read = 0;
  let now = 0;
  while (now < 10_000) {
    const verdicts = Array.from({ length: frames }, () => limit.take(now, bytes));
    read += verdicts.filter((verdict) => verdict === "ok").length * bytes;
    if (verdicts.includes("cut")) break;
    now += everyMs;
  }
  expect(now).toBeLessThan(5_000);
  expect(read).toBeLessThan(6_000_000);
});

test("a client that has been quiet for long enough starts with no refused messages", () => {
  const limit = new RateLimit(10, 0);
  takeMany(limit, 80 + 100, 0);
  expect(limit.take(8_000, 15)).toBe("ok");
  takeMany(limit, 79, 8_000);
  expect(limit.take(8_000, 15)).toBe("refuse");
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
          if (limit.take(now, 15) === "ok") passed += 1;
          expect(passed).toBeLessThanOrEqual(rate * 8 + (now * rate) / 1000 + 1e-6);
        }
      },
    ),
    { seed: 20_261_102, numRuns: 100 },
  );
});
