import { expect, test } from "vitest";
import { AdminGuesses } from "../../../src/http/admin-guesses.js";
import { ManualClock } from "../../support/manual-clock.js";

function begin(options: { maxAddresses?: number } = {}) {
  const clock = new ManualClock();
  const lines: object[] = [];
  const counted: string[] = [];
  const guesses = new AdminGuesses({
    log: { warn: (fields) => lines.push(fields) },
    clock,
    counted: (setting) => counted.push(setting),
    ...options,
  });
  return { clock, lines, counted, guesses };
}

test("each wrong token of an address is answered later, then the address is refused for a minute", async () => {
  const { clock, guesses } = begin();
  const guess = () => guesses.count("ADMIN_TOKEN", "10.0.0.1");
  const delays = [0, 100, 200, 400, 800];
  for (const delayMs of delays) expect(guess()).toEqual({ kind: "delayed", delayMs });
  expect(guess()).toEqual({ kind: "refused", retryAfterMs: 60_000 });
  await clock.advance(59_999);
  expect(guess()).toEqual({ kind: "refused", retryAfterMs: 1 });
  expect(guesses.count("ADMIN_TOKEN", "10.0.0.2")).toEqual({ kind: "delayed", delayMs: 0 });
  await clock.advance(1);
  expect(guess()).toEqual({ kind: "delayed", delayMs: 0 });
});

test("all addresses within 64 bits of IPv6 count as one", () => {
  const { guesses } = begin();
  guesses.count("ADMIN_TOKEN", "2001:db8::1");
  expect(guesses.count("ADMIN_TOKEN", "2001:db8::2")).toEqual({ kind: "delayed", delayMs: 100 });
});

test("every guess is counted, and logged once for each setting, address and minute", async () => {
  const { clock, guesses, lines, counted } = begin();
  for (let n = 0; n < 100; n += 1) guesses.count("ADMIN_TOKEN", "10.0.0.1");
  guesses.count("METRICS_TOKEN", "10.0.0.1");
  await clock.advance(60_000);
  guesses.count("ADMIN_TOKEN", "10.0.0.1");
  expect(lines).toEqual([
    { setting: "ADMIN_TOKEN", address: "10.0.0.1" },
    { setting: "METRICS_TOKEN", address: "10.0.0.1" },
    { setting: "ADMIN_TOKEN", address: "10.0.0.1", leftOut: 99 },
  ]);
  expect(counted).toHaveLength(102);
});

test("memory is bounded: the address that has been quiet for longest is forgotten", () => {
  const { guesses } = begin({ maxAddresses: 2 });
  for (const last of [1, 2, 1, 3]) guesses.count("ADMIN_TOKEN", `10.0.0.${last}`);
  expect(guesses.size).toBe(2);
  expect(guesses.count("ADMIN_TOKEN", "10.0.0.1")).toEqual({ kind: "delayed", delayMs: 200 });
});
