/** Requests that nobody sends by mistake. None may break the service, cost much, or fill the log. */
import { expect, test } from "vitest";
import { ServiceProcess } from "../support/service-process.js";
import { Attacker } from "./support/attacker.js";
import { cpuDuring, figure } from "./support/figures.js";
import { ADMIN_TOKEN } from "../support/secrets.js";

const head = (line: string, ...headers: string[]) => `${[line, "host: localhost", ...headers].join("\r\n")}\r\n\r\n`;
const post = (path: string, body: string, type = "application/json") =>
  `${head(`POST ${path} HTTP/1.1`, `content-type: ${type}`, `content-length: ${Buffer.byteLength(body)}`)}${body}`;
const many = (count: number, part: (n: number) => string) => Array.from({ length: count }, (_none, n) => part(n));

const REQUESTS: Record<string, string> = {
  "a long URL": head(`GET /${"a".repeat(10_000)} HTTP/1.1`),
  "a URL beyond what Node reads": head(`GET /${"a".repeat(20_000)} HTTP/1.1`),
  "a long id": head(`GET /api/users/${"a".repeat(3_000)}/status HTTP/1.1`),
  "a thousand path segments": head(`GET ${"/a".repeat(1_000)} HTTP/1.1`),
  "broken percent encoding": head("GET /api/users/%E0%A4%A/status HTTP/1.1"),
  "an encoded NUL": head("GET /api/users/%00/status HTTP/1.1"),
  "a lone surrogate": head("GET /api/users/%ED%A0%80/status HTTP/1.1"),
  "dots in the path": head("GET /ops/../../../../etc/passwd HTTP/1.1"),
  "encoded dots in the path": head("GET /ops/%2e%2e%2f%2e%2e%2fetc%2fpasswd HTTP/1.1"),
  "an absolute URL": head("GET http://evil.example/api/rooms HTTP/1.1"),
  "__proto__ in the query": head("GET /api/sessions?__proto__[admin]=1&constructor=2 HTTP/1.1"),
  "a parameter a thousand times": head(`GET /api/sessions?${"limit=1&".repeat(1_000)} HTTP/1.1`),
  "a limit beyond all numbers": head("GET /api/sessions?limit=1e999 HTTP/1.1"),
  "a limit below zero": head("GET /api/sessions?limit=-1 HTTP/1.1"),
  "a cursor of another kind": head("GET /api/sessions?cursor=%22%7B__proto__ HTTP/1.1"),
  "__proto__ as an id": head("GET /api/sessions/__proto__ HTTP/1.1"),
  "constructor as an id": head("GET /api/rooms/constructor HTTP/1.1"),
  "1,500 headers": head("GET /health/live HTTP/1.1", ...many(1_500, (n) => `x${n}: y`)),
  "a header of 15 KB": head("GET /health/live HTTP/1.1", `cookie: ${"a".repeat(15_000)}`),
  "a header of 20 KB": head("GET /health/live HTTP/1.1", `cookie: ${"a".repeat(20_000)}`),
  "no host": "GET /health/live HTTP/1.1\r\n\r\n",
  "two hosts": head("GET /health/live HTTP/1.1", "host: evil.example"),
  "a line end in a header": head("GET /health/live HTTP/1.1", "x: a\nset-cookie: b"),
  "two lengths": `${head("POST /api/sessions/leave HTTP/1.1", "content-length: 2", "content-length: 3")}{}`,
  "a length and chunks": `${head("POST /api/sessions/leave HTTP/1.1", "content-length: 4", "transfer-encoding: chunked")}0\r\n\r\n`,
  "chunks of a negative size": `${head("POST /api/sessions/leave HTTP/1.1", "transfer-encoding: chunked")}-1\r\n\r\n`,
  "an unknown method": head("BREW /health/live HTTP/1.1"),
  "a known method that no route has": head("TRACE /health/live HTTP/1.1"),
  CONNECT: head("CONNECT evil.example:443 HTTP/1.1"),
  "HTTP/2 without an upgrade": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  TLS: "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u007c\u0003\u0003",
  "binary garbage": "\u0000\u0001\u0002\r\n\r\n",
  "a beacon that is no JSON": post("/api/sessions/leave", "{", "text/plain"),
  "a beacon with __proto__": post(
    "/api/sessions/leave",
    '{"__proto__":{"admin":true},"sessionId":"a","resumeToken":"b"}',
  ),
  "a beacon with constructor": post(
    "/api/sessions/leave",
    '{"constructor":{"prototype":{"a":1}},"sessionId":"a","resumeToken":"b"}',
    "text/plain",
  ),
  "a beacon with a byte order mark": post(
    "/api/sessions/leave",
    '\uFEFF{"sessionId":"a","resumeToken":"b"}',
    "text/plain",
  ),
  "a beacon with an id twice": post(
    "/api/sessions/leave",
    '{"sessionId":"a","sessionId":["b"],"resumeToken":"b"}',
    "text/plain",
  ),
  "a beacon nested 400 deep": post("/api/sessions/leave", `${"[".repeat(400)}${"]".repeat(400)}`, "text/plain"),
  "a beacon of 2 MB": post("/api/sessions/leave", "x".repeat(2_000_000), "text/plain"),
  "a beacon of an unknown type": post("/api/sessions/leave", "<a/>", "application/xml"),
  "a beacon of a broken type": post("/api/sessions/leave", "{}", ";;;==="),
  "a beacon in an unknown charset": post("/api/sessions/leave", "{}", "text/plain; charset=evil"),
  "a cleanup with a large body": post("/api/cleanup", `{"a":"${"x".repeat(500_000)}"}`),
  "a cleanup with a deep body": post("/api/cleanup", `${"[".repeat(50_000)}${"]".repeat(50_000)}`),
};
const HONEST = head("GET /health/live HTTP/1.1");
const TIMES = 15;
/** Processor time of one request, compared with an honest one on a connection of its own. */
const MOST_WORK = 15;

/** Sends the request on new connections. @returns the statuses of the answers; 0 where there was none */
async function send(service: ServiceProcess, bytes: string, times: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let n = 0; n < times; n += 1) {
    const attacker = Attacker.connect(service.port);
    await attacker.write(bytes);
    await attacker.answered();
    statuses.push(attacker.status);
    attacker.destroy();
  }
  return statuses;
}

test("a hostile HTTP request gets a refusal, costs little, and leaves few lines in the log", async () => {
  const service = await ServiceProcess.start({ ADMIN_TOKEN });
  await send(service, HONEST, 200);
  const usual = (await cpuDuring(service, () => send(service, HONEST, 100))) / 100;
  let dearest = { what: "none", ratio: 0 };
  for (const [what, bytes] of Object.entries(REQUESTS)) {
    const statuses: number[] = [];
    const work = await cpuDuring(service, async () => statuses.push(...(await send(service, bytes, TIMES))));
    const ratio = work / TIMES / usual;
    if (ratio > dearest.ratio) dearest = { what, ratio };
    expect
      .soft(
        statuses.filter((status) => status >= 500 && status !== 501 && status !== 505),
        what,
      )
      .toEqual([]);
    expect.soft(ratio, what).toBeLessThan(MOST_WORK);
  }
  const requests = Object.keys(REQUESTS).length * TIMES;
  figure("hostile HTTP requests", {
    requests,
    "log lines": service.log.length,
    dearest: dearest.what,
    "in honest requests": dearest.ratio,
  });
  expect(service.log.filter(({ level }) => level >= 50)).toEqual([]);
  expect(service.log.length).toBeLessThan(requests / 3);
  expect(await send(service, HONEST, 1)).toEqual([200]);
});
