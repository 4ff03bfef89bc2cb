/** The operators' API: guesses of its token, and pages of others that use an operator's browser. */
import { request } from "node:http";
import { expect, test } from "vitest";
import { ServiceProcess } from "../support/service-process.js";
import { figure } from "./support/figures.js";

const ADMIN_TOKEN = "an-admin-token-of-32-characters!";
const FOREIGN = "127.0.0.66";
const GUESSES = 300;

interface Ask {
  method?: string;
  from?: string;
  headers?: Record<string, string>;
  body?: string;
}

/** Unlike `fetch`, this may send any Host and Origin, and from any address. @returns the status */
function ask(
  service: ServiceProcess,
  path: string,
  { method = "GET", from, headers, body }: Ask = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const { port } = service;
    const asked = request(
      { host: "127.0.0.1", port, path, method, localAddress: from, headers, agent: false },
      (answer) => {
        answer.resume().on("end", () => resolve(answer.statusCode ?? 0));
      },
    );
    asked.on("error", reject).end(body);
  });
}

test("whoever guesses the operators' token is slowed down and logged; an operator elsewhere is not", async () => {
  const service = await ServiceProcess.start({ ADMIN_TOKEN });
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
  const begun = performance.now();
  const guesses = await Promise.all(
    Array.from({ length: GUESSES }, (_none, n) =>
      ask(service, "/api/rooms", { ...bearer(`a wrong token ${n}`), from: FOREIGN }),
    ),
  );
  const checked = guesses.filter((status) => status === 401 || status === 403).length;
  const right = await ask(service, "/api/rooms", { ...bearer(ADMIN_TOKEN), from: FOREIGN });
  const operator = await ask(service, "/api/rooms", bearer(ADMIN_TOKEN));
  const lines = service.log.filter(({ level }) => level >= 40);
  figure(`${GUESSES} guesses of the operators' token at once`, {
    "compared with it": checked,
    seconds: (performance.now() - begun) / 1_000,
    "the right token after them": right,
    "an operator elsewhere": operator,
    "log lines": lines.length,
  });
  expect(operator).toBe(200);
  expect(checked).toBeLessThan(GUESSES / 3);
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.length).toBeLessThan(GUESSES / 3);
  expect(JSON.stringify(lines)).toContain(FOREIGN);
  expect(JSON.stringify(lines)).not.toContain("a wrong token");
});

const crossSite: [string, Ask & { path: string }][] = [
  [
    "another site's form",
    {
      path: "/api/cleanup",
      method: "POST",
      headers: { origin: "https://evil.example", "content-type": "text/plain" },
      body: "{}",
    },
  ],
  ["a form of a page without an origin", { path: "/api/cleanup", method: "POST", headers: { origin: "null" } }],
  [
    "a request that the browser calls cross-site",
    { path: "/api/cleanup", method: "POST", headers: { "sec-fetch-site": "cross-site" } },
  ],
  [
    "DELETE of another site",
    { path: "/api/rooms/board", method: "DELETE", headers: { origin: "https://evil.example" } },
  ],
  ["a name that was bound to this address anew", { path: "/api/rooms", headers: { host: "evil.example:3001" } }],
  ["DELETE through such a name", { path: "/api/rooms/board", method: "DELETE", headers: { host: "evil.example" } }],
  ["a name that begins like this machine's", { path: "/api/rooms", headers: { host: "localhost.evil.example" } }],
  ["an address that begins like this machine's", { path: "/api/rooms", headers: { host: "127.0.0.1.evil.example" } }],
];

test("an open development API refuses what pages of others send through a browser", async () => {
  const service = await ServiceProcess.start({ LASTSEEN_ENV: "development", HOST: "127.0.0.1" });
  for (const [what, { path, ...options }] of crossSite) {
    const status = await ask(service, path, options);
    expect.soft([400, 403, 421], `${what}: ${status}`).toContain(status);
  }
  expect(await ask(service, "/api/rooms")).toBe(200);
  expect(await ask(service, "/api/cleanup", { method: "POST" })).toBe(200);
});
