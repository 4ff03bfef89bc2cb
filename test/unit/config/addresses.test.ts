import { expect, test } from "vitest";
import { addressMatcher } from "../../../src/config/addresses.js";

test("a proxy is known by its address or its network, also when IPv4 is written as IPv6", () => {
  const isProxy = addressMatcher(["10.0.0.0/8", "192.0.2.1", "fd00::/8"]);
  expect(["10.9.9.9", "::ffff:10.1.2.3", "192.0.2.1", "fd12::1"].every(isProxy)).toBe(true);
  expect(["11.0.0.1", "192.0.2.2", "::1", "", "x"].some(isProxy)).toBe(false);
  expect(addressMatcher([])("127.0.0.1")).toBe(false);
});

test("the answers stay the same when more addresses have been asked for than are remembered", () => {
  const isProxy = addressMatcher(["10.0.0.0/8"]);
  const addresses = Array.from({ length: 2_500 }, (_none, n) => `${n % 2 ? 10 : 11}.0.${n >> 8}.${n & 255}`);
  expect(addresses.filter(isProxy)).toHaveLength(1_250);
  expect(addresses.filter(isProxy)).toHaveLength(1_250);
});
