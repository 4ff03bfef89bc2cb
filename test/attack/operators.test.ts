/** The operators' API: who guesses its token, and pages that send requests for somebody who has opened them. */
import { expect, test } from "vitest";
import { pageRequest } from "../support/page-request.js";
import { ADMIN_TOKEN } from "../support/secrets.js";
import { ServiceProcess } from "../support/service-process.js";
import { TestClient } from "../support/test-client.js";
import { figure, timesSlower } from "./support/figures.js";

const GUESSER = "127.0.0.66";
const OPERATOR = "127.0.0.2";
const GUESSERS = 4;
/** The guessers go on until they have made so many, also when the operator is quicker. */
const LEAST_GUESSES = 40;
const OPERATOR_REQUESTS = 60;
/** How much later the operator's answers may come while somebody guesses. */
const MOST_SLOWER = 10;

async function ask(service: ServiceProcess, token: string, from: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await pageRequest(service.port, "/api/rooms", { headers, from })).status;
}

/** Half of an operator's answers take less than this, milliseconds. Fails when the operator is refused. */
async function operatorWaits(service: ServiceProcess, from: string): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < OPERATOR_REQUESTS; n += 1) {
    const askedAt = performance.now();
    expect(await ask(service, ADMIN_TOKEN, from)).toBe(200);
    times.push(performance.now() - askedAt);
  }
  return times.toSorted((a, b) => a - b)[OPERATOR_REQUESTS / 2] ?? Infinity;
}

test.each([
  ["another address", OPERATOR],
  ["the same address", GUESSER],
])("who guesses the admin token gets five tries, and the operator at %s goes on", async (_where, operator) => {
  const service = await ServiceProcess.start({ ADMIN_TOKEN });
  const quiet = await operatorWaits(service, operator);
  const statuses: number[] = [];
  const end = new AbortController();
  const guessers = Array.from({ length: GUESSERS }, async (_none, guesser) => {
    for (let n = 0; !end.signal.aborted || statuses.length < LEAST_GUESSES; n += 1) {
      statuses.push(await ask(service, `guess-${guesser}-${n}`, GUESSER));
    }
  });
  const attacked = await operatorWaits(service, operator).finally(() => end.abort());
  await Promise.all(guessers);
  const tried = statuses.filter((status) => status === 401).length;
  figure("guesses of the admin token", {
    guesses: statuses.length,
    "looked at": tried,
    "operator waits, ms": attacked,
    "without guesses": quiet,
    "log lines": service.log.filter(({ level }) => level >= 30).length,
  });
  expect(tried).toBeLessThanOrEqual(5);
  expect(statuses).toContain(429);
  expect(timesSlower(attacked, quiet)).toBeLessThan(MOST_SLOWER);
  expect(service.log.filter(({ msg }) => msg === "wrong admin token")).toHaveLength(1);
});

/** What a page of another origin can send without asking first (a form, or `fetch` with `no-cors`). */
const BY_FORM: [string, string][] = [
  ["POST", "/api/cleanup"],
  ["GET", "/api/rooms"],
  ["GET", "/api/sessions"],
];
/** What a page can send to its own name, which now leads to this machine. It also reads the answers. */
const BY_NAME: [string, string][] = [
  ["GET", "/api/rooms"],
  ["GET", "/api/sessions"],
  ["GET", "/api/users/victim/status"],
  ["POST", "/api/cleanup"],
  ["PUT", "/api/users/victim/block"],
  ["DELETE", "/api/rooms/daily"],
];

test.each([
  ["a page of another origin", BY_FORM, { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
  ["a page whose name leads here", BY_NAME, { host: "evil.example:3001", "sec-fetch-site": "same-origin" }],
])("without an admin token, %s reads and changes nothing", async (who, requests, page) => {
  const service = await ServiceProcess.start();
  const victim = await TestClient.open(service.ws);
  await victim.request("hello", { user: { id: "victim" }, tabId: "t" });
  await victim.request("join", { roomId: "daily" });
  let [carriedOut, told] = [0, 0];
  for (const [method, path] of requests) {
    const body = method === "PUT" ? '{"seconds":60}' : "";
    const headers = { "content-type": body === "" ? "text/plain" : "application/json", ...page };
    const answer = await pageRequest(service.port, path, { method, headers, body });
    if (answer.status < 300) carriedOut += 1;
    if (answer.body.includes("victim")) told += 1;
  }
  const { ok } = await victim.ask("getRoom").catch(() => ({ ok: false }));
  figure(who, {
    [`carried out of ${requests.length}`]: carriedOut,
    "answers that name a user": told,
    "the user is still in the room": String(ok),
  });
  expect([carriedOut, told, ok]).toEqual([0, 0, true]);
  expect((await pageRequest(service.port, "/api/rooms")).status).toBe(200);
});

test("a thousand refused requests with long addresses write few and short log lines, and the metric counts them", async () => {
  const service = await ServiceProcess.start({ ADMIN_TOKEN });
  const before = service.log.length;
  const path = `/api/rooms?${"x".repeat(10_000)}`;
  for (let n = 0; n < 1_000; n += 1) expect((await pageRequest(service.port, path)).status).toBe(401);
  const metrics = (await pageRequest(service.port, "/metrics")).body;
  const counted = Number(/lastseen_http_rejected_total\{code="unauthorized"\} (\d+)/.exec(metrics)?.[1] ?? 0);
  const lines = service.log.slice(before);
  const bytes = lines.reduce((sum, line) => sum + JSON.stringify(line).length, 0);
  figure("1,000 refused requests with URLs of 10 KB", { lines: lines.length, "KB of log": bytes / 1_000, counted });
  expect(lines.length).toBeLessThanOrEqual(20);
  expect(bytes).toBeLessThan(20 * 1_000);
  expect(counted).toBe(1_000);
});
