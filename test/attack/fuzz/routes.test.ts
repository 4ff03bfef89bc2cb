import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { ERRORS, toWellFormed } from "@lastseen/protocol";
import { assertNoFailure, bystanderIn } from "../../integration/gateway/bystander.js";
import { startService } from "../../support/service.js";
import { announce, CASES, SEED, TIMEOUT_MS } from "./cases.js";
import { hostileText, hostileValue } from "./hostile.js";
import { answerTo } from "./raw-request.js";

/** A request as it is sent, character by character. */
interface HttpCase {
  method: string;
  path: string;
  headers: [string, string][];
  body: string;
}

interface Route {
  method: string;
  path: string;
}

/** Messages cost more time than requests do. */
const REQUESTS = Math.ceil(CASES / 2);
const OPTIONS = { MAX_CONNECTIONS: "100000", LOG_LEVEL: "warn" };
const UNSUITABLE = ["/api/drain"];
const METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get", "QUERY", ""];

/** Text as a program puts it into a URL, and as it should not. Blanks and line ends would end the path. */
const inUrl: fc.Arbitrary<string> = hostileText.chain((text) =>
  fc.constantFrom(
    encodeURIComponent(toWellFormed(text)),
    Buffer.from(text).toString("latin1").replace(/\s/g, "%20"),
    text.replace(/[^!-~]/g, "%C3%28"),
  ),
);
const query = fc
  .array(
    fc.tuple(fc.constantFrom("userId", "roomId", "state", "cursor", "limit", "after", "__proto__", "x[]"), inUrl),
    { maxLength: 4 },
  )
  .map((pairs) => (pairs.length === 0 ? "" : `?${pairs.map(([name, value]) => `${name}=${value}`).join("&")}`));
const contentType = fc.constantFrom(
  "application/json",
  "text/plain",
  "text/plain; charset=utf-16",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=",
  "application/json; charset=__proto__",
  "*/*",
  "",
);
const header: fc.Arbitrary<[string, string]> = fc.oneof(
  contentType.map((value): [string, string] => ["content-type", value]),
  fc.tuple(
    fc.constantFrom("authorization", "x-forwarded-for", "origin", "host", "accept", "if-none-match", "range", "x"),
    hostileText.map((text) =>
      Buffer.from(text)
        .toString("latin1")
        .replace(/[\r\n\0]/g, ""),
    ),
  ),
  fc.constantFrom<[string, string]>(
    ["expect", "100-continue"],
    ["upgrade", "websocket"],
    ["transfer-encoding", "gzip"],
    ["content-encoding", "br"],
    ["x-http-method-override", "DELETE"],
  ),
);
const body = fc.oneof(
  fc.constant(""),
  fc
    .record({ sessionId: hostileValue, resumeToken: hostileValue }, { requiredKeys: [] })
    .map((value) => JSON.stringify(value)),
  hostileValue.map((value) => JSON.stringify(value) ?? ""),
  hostileText,
);

function requestTo(route: Route): fc.Arbitrary<HttpCase> {
  const parts = route.path.split("/").map((part) => (/^\{|^:/.test(part) ? inUrl : fc.constant(part)));
  const path = fc.tuple(fc.tuple(...parts), query).map(([filled, asked]) => filled.join("/") + asked);
  const method = fc.oneof({ weight: 8, arbitrary: fc.constant(route.method) }, fc.constantFrom(...METHODS));
  return fc.record({ method, path, headers: fc.array(header, { maxLength: 3 }), body });
}

/** What is no request of any route. */
const lost: fc.Arbitrary<HttpCase> = fc.record({
  method: fc.constantFrom(...METHODS),
  path: fc.oneof(
    inUrl.map((text) => `/${text}`),
    inUrl,
  ),
  headers: fc.array(header, { maxLength: 3 }),
  body,
});

/** `ready` may be 503 because of what it checks. */
const MAY_BE_AWAY = [503];

beforeAll(() => announce("fuzzing of HTTP requests"));

test(
  "whatever is sent to the HTTP routes, no answer is 500, and each refusal has a code",
  { timeout: TIMEOUT_MS },
  async () => {
    const service = await startService({ ...OPTIONS, LASTSEEN_ENV: "development", WEB_PORT: "0" });
    const bystander = await bystanderIn(service, "the bystander's room");
    const { paths } = (await (await service.get("/docs/json")).json()) as { paths: Record<string, object> };
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      UNSUITABLE.includes(path) ? [] : Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
    );
    expect(routes.map(({ path }) => path)).toContain("/api/rooms/{roomId}");
    const anyRequest = fc.oneof(...routes.map((route) => requestTo(route)), lost);
    const statuses = new Set<number>();
    const property = fc.asyncProperty(fc.array(anyRequest, { minLength: 8, maxLength: 8 }), async (requests) => {
      for (const { method, path, headers, body: content } of requests) {
        const answer = await answerTo(service.port, { method, path, headers, body: content });
        statuses.add(answer.status);
        const isRight = answer.status < 500 || MAY_BE_AWAY.includes(answer.status) || answer.status === 505;
        expect(isRight, `${method} ${path}: ${answer.status} ${answer.body.slice(0, 300)}`).toBe(true);
        if (answer.status < 400 || method === "HEAD" || method === "OPTIONS") continue;
        const refusal = JSON.parse(answer.body) as { error: { code: string; message: string } };
        expect(Object.keys(ERRORS), `${method} ${path}`).toContain(refusal.error.code);
        expect(refusal.error.code).not.toBe("internal");
        // A refusal repeats at most 200 characters of a header, with escapes.
        expect(refusal.error.message.length, refusal.error.message).toBeLessThan(700);
      }
      await bystander.assertUnharmed();
    });
    await fc.assert(property, { seed: SEED, numRuns: Math.ceil(REQUESTS / 8), endOnFailure: true });
    assertNoFailure(service);
    expect([...statuses]).toEqual(expect.arrayContaining([200, 400, 404, 414, 415]));
  },
);
