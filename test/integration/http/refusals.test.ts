import { expect, test, vi } from "vitest";
import { startService } from "../../support/service.js";
import { assertNoFailure } from "../gateway/bystander.js";
import { RawSocket } from "../gateway/raw-socket.js";
import { ADMIN_TOKEN } from "../../support/secrets.js";
import { problem } from "../../support/problem.js";
import type { ErrorCode } from "@lastseen/protocol";

test.each<[method: string, path: string, status: number, code: ErrorCode]>([
  ["GET", "/nowhere", 404, "not_found"],
  ["GET", "/", 404, "not_found"],
  ["GET", "/api", 404, "not_found"],
  ["PUT", "/api/rooms", 404, "not_found"],
  ["GET", "/api/cleanup", 404, "not_found"],
  ["GET", "/api/rooms/%E0%A4%A", 400, "bad_message"],
  ["GET", "/api/sessions/" + "x".repeat(129), 400, "bad_message"],
  ["GET", "/docs", 404, "not_found"],
])("%s %s is refused with problem details", async (method, path, status, code) => {
  const service = await startService();
  const response = await service.get(path, { method });
  expect(response.status).toBe(status);
  expect(response.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  expect(await response.json()).toEqual(problem(code, status, { field: expect.stringMatching(/^path/) }));
});

test("a value that there is not is refused with those that there are, in the log without a stack", async () => {
  const service = await startService();
  const response = await service.get("/api/sessions?state=gone");
  expect(response.status).toBe(400);
  const message = "querystring.state must be one of present, away, ghost, closing, ended";
  expect(await response.json()).toEqual(problem("bad_message", 400, { detail: message, field: "query.state" }));
  const [line] = service.log.filter(({ msg }) => msg === "request refused");
  expect(line).toMatchObject({ url: "/api/sessions?state=gone", code: "bad_message", reason: message });
  expect(line).not.toHaveProperty("err");
});

test.each([
  ["no HTTP", "hello\r\n\r\n", 400],
  ["a header without a name", "GET / HTTP/1.1\r\nhost: a\r\n: b\r\n\r\n", 400],
  ["two lengths", "POST /api/cleanup HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", 400],
  ["a head of 64 KiB", `GET / HTTP/1.1\r\nhost: a\r\nx: ${"x".repeat(65_536)}\r\n\r\n`, 431],
])("a request that is %s is refused in the usual form, and the connection ended", async (_what, bytes, status) => {
  const service = await startService();
  const raw = await RawSocket.open(service.port);
  raw.write(bytes);
  const answer = await raw.closed();
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  expect(JSON.parse(answer.slice(answer.indexOf("\r\n\r\n")))).toEqual(problem("bad_message", status));
  assertNoFailure(service);
});

test("a failure of the service is internal, tells nothing of itself, and is logged", async () => {
  const service = await startService();
  vi.spyOn(service.app.rooms, "all").mockImplementation(() => {
    throw new Error("secret detail of /etc/passwd");
  });
  const response = await service.get("/api/rooms");
  expect(response.status).toBe(500);
  const body = await response.text();
  expect(JSON.parse(body)).toEqual(problem("internal", 500));
  expect(body).not.toContain("secret detail");
  const [line] = service.log.filter(({ level }) => level >= 50);
  expect(line).toMatchObject({
    msg: "request refused",
    code: "internal",
    err: { message: "secret detail of /etc/passwd" },
  });
});

test("a failure while a request is carried out is internal, tells nothing of itself, and the connection goes on", async () => {
  const service = await startService();
  const ada = await service.join("ada", "daily");
  const snapshot = vi.spyOn(service.app.rooms, "snapshot").mockImplementation(() => {
    throw new TypeError("secret detail");
  });
  expect(await ada.ask("getRoom")).toEqual({
    id: expect.anything(),
    ok: false,
    error: { code: "internal", message: "The service could not carry this out.", retryable: true },
  });
  snapshot.mockRestore();
  await expect(ada.ask("getRoom")).resolves.toMatchObject({ ok: true });
  const [line] = service.log.filter(({ level }) => level >= 50);
  expect(line).toMatchObject({
    msg: "request refused",
    userId: "ada",
    roomId: "daily",
    err: { message: "secret detail" },
  });
});

test("one address writes at most 20 lines about refused requests in a minute, and the metric counts all of them", async () => {
  const service = await startService({ ADMIN_TOKEN, TRUSTED_PROXIES: "127.0.0.1" });
  const ask = (address: string) => service.get("/api/rooms", { headers: { "x-forwarded-for": address } });
  for (let n = 0; n < 60; n += 1) expect((await ask("203.0.113.1")).status).toBe(401);
  await ask("203.0.113.2");
  const lines = service.log.filter(({ msg }) => msg === "request refused");
  expect(lines.filter(({ address }) => address === "203.0.113.1")).toHaveLength(20);
  expect(lines.filter(({ address }) => address === "203.0.113.2")).toHaveLength(1);
  const metrics = await (await service.get("/metrics")).text();
  expect(metrics).toContain('lastseen_http_rejected_total{code="unauthorized"} 61');
});

test("a line about a refused request has only the beginning of what the client sent", async () => {
  const service = await startService({ LOG_LEVEL: "trace" });
  const long = "x".repeat(10_000);
  await service.get(`/api/sessions?state=${long}`);
  await service.get("/api/sessions/leave", { method: "POST", body: "x", headers: { "content-type": `a/${long}` } });
  await service.get("/api/rooms", { headers: { origin: `https://${long}.example` } });
  const lines = service.log.filter(({ msg }) => msg === "request refused");
  expect(lines).toHaveLength(3);
  for (const line of lines) expect(JSON.stringify(line).length).toBeLessThan(1_000);
});
