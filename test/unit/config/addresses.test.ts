import { expect, test } from "vitest";
import { addressMatcher } from "../../../src/config/addresses.js";

test("a proxy is known by its address or its network, also when IPv4 is written as IPv6", () => {
  const isProxy = addressMatcher(["10.0.0.0/8", "192.0.2.1", "fd00::/8"]);
  expect(["10.9.9.9", "::ffff:10.1.2.3", "192.0.2.1", "fd12::1"].every(isProxy)).toBe(true);
  expect(["11.0.0.1", "192.0.2.2", "::1", "", "x"].some(isProxy)).toBe(false);
  expect(addressMatcher([])("127.0.0.1")).toBe(false);
});
