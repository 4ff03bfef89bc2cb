import { expect, test } from "vitest";
import { Refusals } from "../../../src/kernel/refusals.js";

test("every refusal is counted, and logged once for each reason, address and minute", () => {
  const lines: object[] = [];
  let now = 0;
  const refusals = new Refusals({ log: { warn: (fields) => lines.push(fields) }, clock: { mono: () => now } });
  for (let n = 0; n < 100; n += 1) refusals.count("address", "10.0.0.1");
  refusals.count("address", "10.0.0.2");
  refusals.count("user", "10.0.0.1", { userId: "ada" });
  now = 60_000;
  refusals.count("address", "10.0.0.1");
  expect(lines).toEqual([
    { why: "address", address: "10.0.0.1" },
    { why: "address", address: "10.0.0.2" },
    { why: "user", address: "10.0.0.1", userId: "ada" },
    { why: "address", address: "10.0.0.1", leftOut: 99 },
  ]);
  expect([...refusals.counts]).toEqual([
    ["address", 102],
    ["user", 1],
  ]);
});
