import { expect, test } from "vitest";
import { hostMatcher, namedOrigins, originMatcher } from "../../../src/config/origins.js";
import { problemOfHeaders } from "../../../src/http/foreign-requests.js";

const ENTRIES = namedOrigins([
  "https://app.example",
  "https://*.preview.example:8443",
  "capacitor://localhost",
  "null",
  "*",
]);
const URLS = ["https://calls.example/path", undefined];
const own = { isHost: hostMatcher(ENTRIES, URLS), isOrigin: originMatcher(ENTRIES, URLS) };

test.each([
  ["curl", { host: "localhost:3001" }],
  ["a program of HTTP/1.0", {}],
  ["a subdomain of localhost", { host: "app.localhost:3001" }],
  ["a name with a dot at its end", { host: "localhost.:3001" }],
  ["a name in capitals", { host: "LocalHost:3001" }],
  ["an address of this machine", { host: "127.0.0.2:3001" }],
  ["IPv6", { host: "[::1]:3001" }],
  ["an address of the network, which no name server can move", { host: "192.168.1.5:3001" }],
  ["the host of PUBLIC_URL, on any port", { host: "calls.example:3001" }],
  ["the host of a page in CORS_ORIGIN, behind one proxy with the service", { host: "app.example" }],
  ["a subdomain that CORS_ORIGIN names", { host: "a.preview.example" }],
  ["the operator page", { host: "localhost:3001", origin: "http://localhost:3001", "sec-fetch-site": "same-origin" }],
  [
    "the operator page with a strict referrer policy",
    { host: "localhost:3001", origin: "null", "sec-fetch-site": "same-origin" },
  ],
  ["an address that a person typed", { host: "localhost:3001", "sec-fetch-site": "none" }],
  ["the demo page", { host: "localhost:3001", origin: "http://localhost:3002", "sec-fetch-site": "same-site" }],
  [
    "the demo page by another name",
    { host: "localhost:3001", origin: "http://127.0.0.1:3002", "sec-fetch-site": "cross-site" },
  ],
  ["a page behind a proxy of a development server", { host: "localhost:3001", origin: "http://localhost:5173" }],
  ["a page of the same address in the network", { host: "192.168.1.5:3001", origin: "http://192.168.1.5:3001" }],
  [
    "a page that CORS_ORIGIN names",
    { host: "localhost:3001", origin: "https://app.example", "sec-fetch-site": "cross-site" },
  ],
  ["an app that CORS_ORIGIN names", { host: "localhost:3001", origin: "capacitor://localhost" }],
  ["a page of PUBLIC_URL", { host: "localhost:3001", origin: "https://calls.example" }],
])("%s may use the open API", (_who, headers) => {
  expect(problemOfHeaders(headers, own)).toBeUndefined();
});

test.each([
  [
    "a name that leads here after the page was loaded",
    "Host",
    { host: "evil.example:3001", "sec-fetch-site": "same-origin" },
  ],
  ["such a name without Sec-Fetch-Site", "Host", { host: "evil.example:3001", origin: "http://evil.example:3001" }],
  ["a name that begins like a loopback address", "Host", { host: "127.0.0.1.evil.example" }],
  ["a name that ends like localhost", "Host", { host: "evillocalhost" }],
  ["a Host that is no name", "Host", { host: "a b" }],
  ["no name at all", "Host", { host: "" }],
  [
    "a foreign page",
    "Origin",
    { host: "localhost:3001", origin: "https://evil.example", "sec-fetch-site": "cross-site" },
  ],
  [
    "a foreign page in a browser without Sec-Fetch-Site",
    "Origin",
    { host: "localhost:3001", origin: "https://evil.example" },
  ],
  ["a foreign page whose server has no name", "Origin", { host: "localhost:3001", origin: "http://203.0.113.9" }],
  ["a page without an origin, though CORS_ORIGIN has null and *", "Origin", { host: "localhost:3001", origin: "null" }],
  ["another server of the same address", "Origin", { host: "192.168.1.5:3001", origin: "http://192.168.1.5:8080" }],
  ["an app that nobody names", "Origin", { host: "localhost:3001", origin: "chrome-extension://localhost" }],
  ["an image of a foreign page", "Sec-Fetch-Site", { host: "localhost:3001", "sec-fetch-site": "cross-site" }],
])("%s may not, and the error names the header and the mend", (_who, header, headers) => {
  const problem = problemOfHeaders(headers, own);
  expect(problem).toMatch(new RegExp(`^The header ${header} has `));
  expect(problem).toContain("Set ADMIN_TOKEN");
});

test("the error repeats only the beginning of a long header", () => {
  expect(problemOfHeaders({ host: "localhost", origin: "x".repeat(5_000) }, own)?.length).toBeLessThan(500);
});

test("a host of bytes that would be UTF-8 is refused, also when V8 has optimized the check", () => {
  // Headers come as text of one byte for each character.
  const host = Buffer.from([0xe7, 0xbf, 0xa0]).toString("latin1");
  for (let n = 0; n < 20_000; n += 1) problemOfHeaders({ host: `name-${n % 7}.example` }, own);
  for (let n = 0; n < 2_000; n += 1) expect(problemOfHeaders({ host }, own)).toContain("The header Host");
});
