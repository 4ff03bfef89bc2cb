import { expect, test } from "vitest";
import { addressKey, addressMatcher } from "../../../src/kernel/address.js";

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::1", "2001:db8:1:2::/64"],
  ["2001:0DB8:0001:0002:ffff::", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["unknown", "unknown"],
])("%s counts as %s", (address, key) => {
  expect(addressKey(address)).toBe(key);
});

test("a proxy is known by its address or its network, also when IPv4 is written as IPv6", () => {
  const isProxy = addressMatcher(["10.0.0.0/8", "192.0.2.1", "fd00::/8"]);
  expect(["10.9.9.9", "::ffff:10.1.2.3", "192.0.2.1", "fd12::1"].every(isProxy)).toBe(true);
  expect(["11.0.0.1", "192.0.2.2", "::1", "", "x"].some(isProxy)).toBe(false);
  expect(addressMatcher([])("127.0.0.1")).toBe(false);
});
