import { getEventListeners } from "node:events";
import { expect, test } from "vitest";
import { LastseenApi } from "@lastseen/server";
import { freePort } from "../../support/free-port.js";
import { answers, breaks, FaultyService, refuses, saysNothing, type Reaction } from "./faulty-service.js";

const ROOMS = { rooms: [], cursor: null, total: 0, missing: [] };
const NO_CONTENT: Reaction = (_request, response) => void response.writeHead(204).end();

test.each([
  ["the service is overloaded", refuses(503, "overloaded")],
  ["a proxy has no service", answers(502, "bad gateway")],
  ["the connection breaks", breaks],
  ["no answer comes in time", saysNothing],
])("what only reads is repeated when %s", async (_what, reaction) => {
  const service = await FaultyService.start(reaction, answers(200));
  expect(await service.api({ timeoutMs: 500 }).rooms.list()).toEqual(ROOMS);
  expect(service.asked).toEqual(["GET /api/rooms", "GET /api/rooms"]);
});

test("a block is repeated too: it may be set twice", async () => {
  const block = { userId: "ada", roomId: null, blockedAt: 1, expiresAt: 2, by: { name: "ADMIN_TOKEN" } };
  const service = await FaultyService.start(breaks, answers(200, block));
  expect(await service.api().blocks.block("ada", { seconds: 1 })).toEqual(block);
  expect(service.asked).toHaveLength(2);
});

test.each([
  ["the connection breaks", breaks, "unreachable"],
  ["no answer comes in time", saysNothing, "timeout"],
  ["a node does not answer", refuses(503, "overloaded"), "overloaded"],
])("what ends something is not repeated when %s, because it may have been done", async (_what, reaction, code) => {
  const service = await FaultyService.start(reaction, NO_CONTENT);
  const api = service.api({ timeoutMs: 500 });
  await expect(api.sessions.kick("s1")).rejects.toMatchObject({ code, retryable: true });
  await expect(service.api({ timeoutMs: 500 }).sessions.kick("s2")).resolves.toBe(true);
  expect(service.asked).toEqual(["DELETE /api/sessions/s1", "DELETE /api/sessions/s2"]);
});

test("what ends something is repeated when the service has surely not begun: nobody listens, or it asks to wait", async () => {
  const service = await FaultyService.start(refuses(429, "rate_limited", { "retry-after": "0" }), NO_CONTENT);
  expect(await service.api().sessions.kick("s1")).toBe(true);
  expect(service.asked).toHaveLength(2);

  const port = await freePort();
  let attempts = 0;
  const api = new LastseenApi({
    url: `http://127.0.0.1:${port}`,
    fetch: async (url, init) => {
      attempts += 1;
      if (attempts === 2) await late.listen(port);
      return fetch(url, init);
    },
  });
  const late = await FaultyService.start(NO_CONTENT);
  await late.stop();
  expect(await api.sessions.kick("s1")).toBe(true);
  expect(attempts).toBe(2);
});

test.each(["ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"])(
  "what ends something is not repeated after %s: a connection that had carried the request can end so too",
  async (code) => {
    let attempts = 0;
    const api = new LastseenApi({
      url: "http://127.0.0.1:1",
      fetch: () => {
        attempts += 1;
        return Promise.reject(new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) }));
      },
    });
    await expect(api.sessions.kick("s1")).rejects.toMatchObject({ code: "unreachable", retryable: true });
    expect(attempts).toBe(1);
    await expect(api.sessions.get("s1")).rejects.toMatchObject({ code: "unreachable" });
    expect(attempts).toBeGreaterThan(2);
  },
);

test("a service that is away for longer is told as it is, after the attempts that were asked for", async () => {
  const service = await FaultyService.start(refuses(503, "overloaded"));
  await expect(service.api({ retries: 1 }).rooms.list()).rejects.toMatchObject({ code: "overloaded", status: 503 });
  expect(service.asked).toHaveLength(2);
  await expect(service.api({ retries: 0 }).rooms.list()).rejects.toMatchObject({ code: "overloaded" });
  expect(service.asked).toHaveLength(3);
});

test.each([
  ["a wrong request", refuses(400, "bad_message")],
  ["a wrong token", refuses(401, "unauthorized")],
  ["a service that wants a minute", refuses(429, "rate_limited", { "retry-after": "60" })],
])("%s is not repeated", async (_what, reaction) => {
  const service = await FaultyService.start(reaction);
  await expect(service.api().rooms.list()).rejects.toMatchObject({ name: "LastseenApiError" });
  expect(service.asked).toHaveLength(1);
});

test.each([
  ["a page", (_: unknown, response: Parameters<Reaction>[1]) => void response.end("<html>hello</html>")],
  ["a redirect", answers(302, {}, { location: "http://127.0.0.1:9/elsewhere" })],
  ["another service's refusal", answers(404, { message: "no such page" })],
  ["an answer without its list", answers(200, { rooms: "none" })],
  ["an answer that is no object", answers(200, [])],
])("%s is no answer of Lastseen, and says so", async (_what, reaction) => {
  const service = await FaultyService.start(reaction);
  await expect(service.api().rooms.list()).rejects.toMatchObject({ code: "bad_answer", mend: expect.any(String) });
  await expect(service.api().rooms.find("daily")).rejects.toMatchObject({ code: "bad_answer" });
  expect(service.asked).toHaveLength(2);
});

test("a call that its caller ends throws the caller's reason, also while it waits for the next attempt", async () => {
  const service = await FaultyService.start(saysNothing);
  const [first, second] = [new AbortController(), new AbortController()];
  const asked = service.api().rooms.list({}, { signal: first.signal });
  await expect.poll(() => service.asked.length).toBe(1);
  first.abort(new Error("no longer needed"));
  await expect(asked).rejects.toThrow("no longer needed");

  const waiting = await FaultyService.start(refuses(503, "overloaded", { "retry-after": "9" }));
  const waits = waiting.api().rooms.list({}, { signal: second.signal });
  await expect.poll(() => waiting.asked.length).toBe(1);
  second.abort(new Error("no longer needed"));
  await expect(waits).rejects.toThrow("no longer needed");
  expect(waiting.asked).toHaveLength(1);
});

test("the path prefix of an embedded service is kept, and ids are written so that a URL carries them", async () => {
  const service = await FaultyService.start(answers(200, { participants: [] }));
  const api = service.api({ url: `${service.url}/presence/` });
  await api.rooms.get("a/b c?#%");
  expect(service.asked).toEqual(["GET /presence/api/rooms/a%2Fb%20c%3F%23%25"]);
});

test("a token that changes is asked for before each attempt", async () => {
  const service = await FaultyService.start(refuses(503, "overloaded"), answers(200));
  const tokens = ["first", "second"];
  await service.api({ token: async () => tokens.shift() }).rooms.list();
  expect(service.tokens).toEqual(["Bearer first", "Bearer second"]);
});

test("a list with nodes that did not answer is not taken for all, unless the caller wants what there is", async () => {
  const page = { sessions: [], cursor: null, total: 0, missing: ["node-2"] };
  const service = await FaultyService.start(answers(200, page));
  const all = service.api().sessions.all();
  await expect(all.next()).rejects.toMatchObject({ code: "incomplete", data: { missing: ["node-2"] } });
  const some = service.api().sessions.all({}, { partial: true });
  expect(await some.next()).toEqual({ done: true, value: undefined });
});

test("a list whose cursor does not move is ended with an error", async () => {
  const service = await FaultyService.start(answers(200, { sessions: [], cursor: "same", missing: [] }));
  await expect(service.api().sessions.all().next()).rejects.toMatchObject({ code: "bad_answer", field: "cursor" });
  expect(service.asked).toHaveLength(2);
});

test("nothing of a call stays with a signal that lives as long as the program", async () => {
  const service = await FaultyService.start(answers(200), answers(200), answers(200));
  const { signal } = new AbortController();
  for (let n = 0; n < 3; n += 1) await service.api().rooms.list({}, { signal });
  // Node.js keeps the signals that depend on a signal in a set of the signal.
  const held = Object.getOwnPropertySymbols(signal).map((key) => Object(Reflect.get(signal, key)).size as unknown);
  expect(held.filter((size) => typeof size === "number" && size > 0)).toEqual([]);
  expect(getEventListeners(signal, "abort")).toEqual([]);
});
