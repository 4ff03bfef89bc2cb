import fc from "fast-check";
import { expect, test } from "vitest";
import { faultOfOrigin } from "../../../src/config/origin-faults.js";
import { originMatcher } from "../../../src/config/origins.js";

const ENTRIES = [
  "https://*.example.com",
  "http://*.dev.test:8080",
  "https://a.example",
  "capacitor://localhost",
  "null",
];
const allowed = originMatcher(ENTRIES, ["https://calls.test/path", undefined]);

test.each([
  "https://a.example.com",
  "https://a.b.example.com",
  "http://x.dev.test:8080",
  "https://a.example",
  "capacitor://localhost",
  "null",
  "https://calls.test",
])("%s is let in", (origin) => {
  expect(allowed(origin)).toBe(true);
});

test.each([
  "https://example.com",
  "https://evilexample.com",
  "http://a.example.com",
  "https://a.example.com:8443",
  "https://.example.com",
  "https://a..example.com",
  "https://evil.test/.example.com",
  "https://x@a.example.com",
  "https://a.example.com.evil.test",
  "HTTPS://a.example.com",
  "http://x.dev.test",
  "ionic://localhost",
  "",
])("%s is refused", (origin) => {
  expect(allowed(origin)).toBe(false);
});

test("nothing outside the domain matches an entry for subdomains", () => {
  const matches = originMatcher(["https://*.example.com"]);
  const start = fc.constantFrom("https://", "http://", "https://evil.test/", "");
  const middle = fc.oneof(fc.string(), fc.domain(), fc.stringMatching(/^[a-z.@:/#?]{0,9}$/));
  const end = fc.constantFrom(".example.com", "example.com", ".example.com.evil.test", "");
  const property = fc.property(start, middle, end, (first, second, last) => {
    const origin = first + second + last;
    if (!matches(origin)) return;
    const { protocol, hostname, port } = new URL(origin);
    expect(protocol + port).toBe("https:");
    expect(hostname.endsWith(".example.com")).toBe(true);
  });
  fc.assert(property, { numRuns: 2_000 });
});

test.each([
  "https://a.example",
  "http://localhost:3002",
  "https://*.example.com",
  "https://*.example.com:8443",
  "http://[::1]:3000",
  "capacitor://localhost",
  "ionic://localhost",
  "tauri://localhost",
  "app://x",
  "chrome-extension://abcdef",
  "null",
  "*",
])("%s can match", (entry) => {
  expect(faultOfOrigin(entry)).toBeUndefined();
});

test.each([
  ["https://a.example/", "write https://a.example"],
  ["https://a.example/path?x", "write https://a.example"],
  ["HTTPS://A.example", "write https://a.example"],
  ["https://a.example:443", "write https://a.example"],
  ["http://a.example:80", "write http://a.example"],
  ["https://*.Example.com:443/", "write https://*.example.com"],
  ["https://bücher.example", "write https://xn--bcher-kva.example"],
  ["wss://a.example", "write https://a.example"],
  ["a.example", "write https://a.example"],
  ["*.example.com", "write https://*.example.com"],
  ["app://X/", "write app://x"],
  ["NULL", "write null"],
  ["file:///index.html", "write null"],
  ["https://*", "write https://*.example.com, or * alone"],
  ["https://a.*.example", "write https://*.example.com"],
  ["https://*a.example", "write https://*.example.com"],
  ["https://a.example:*", "write https://*.example.com"],
  ["app://*", "write https://*.example.com"],
  ["https://a.example https://b.example", "not an origin"],
  ["https://a.example:99999", "not an origin"],
])("%s can never match, and the message says what to write", (entry, mend) => {
  expect(faultOfOrigin(entry)).toContain(mend);
});
