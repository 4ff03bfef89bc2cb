import { expect, test } from "vitest";
import { startService, type TestService } from "../../support/service.js";
import { PRODUCTION } from "../../support/secrets.js";

/** What `navigator.sendBeacon(url, text)` sends. */
function beacon(service: TestService, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return service.get("/api/sessions/leave", {
    method: "POST",
    body,
    headers: { "content-type": "text/plain;charset=UTF-8", origin: "http://localhost:3002", ...headers },
  });
}

test("after a goodbye beacon the session is away, then gone within the reload grace", async () => {
  const service = await startService({ RELOAD_GRACE_MS: "2000", RESUME_GRACE_MS: "60000" });
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  const startedAt = performance.now();
  const response = await beacon(service, JSON.stringify(bob.hello));
  expect(response.status).toBe(204);
  expect(await response.text()).toBe("");
  expect(await ada.event("user_away")).toMatchObject({ userId: "bob", reason: "goodbye" });
  expect(await ada.event("user_left")).toMatchObject({ userId: "bob", reason: "disconnected", participants: ["ada"] });
  expect(performance.now() - startedAt).toBeGreaterThan(1_900);
  // The page was frozen, not gone: its socket is still there and hears what became of its session.
  expect(await bob.closed()).toBe(4410);
});

test("a goodbye that turns out to be a reload stays silent: the page resumes and its media begins anew", async () => {
  const service = await startService({ RELOAD_GRACE_MS: "2000" });
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  const { sessionId, resumeToken } = bob.hello;
  await beacon(service, JSON.stringify({ sessionId, resumeToken }));
  bob.close(1001);
  const back = await service.hello("bob", { resume: { sessionId, resumeToken } });
  expect(back.hello).toMatchObject({ sessionId, resumed: true, room: { id: "daily" } });
  expect(await back.event("media_reset")).toEqual({ reason: "page_reloaded" });
  // Past the grace: somebody whose grace began later has gone.
  const later = await service.join("later", "daily");
  await beacon(service, JSON.stringify(later.hello));
  await ada.event("user_left", ({ userId }) => userId === "later");
  expect(ada.events("user_left").map(({ userId }) => userId)).toEqual(["later"]);
  expect(ada.events("user_away").map(({ userId }) => userId)).toEqual(["later"]);
  // A beacon that was held up on its way and has an old token takes nobody away.
  expect((await beacon(service, JSON.stringify({ sessionId, resumeToken }))).status).toBe(204);
  await expect(back.ask("getRoom")).resolves.toMatchObject({ ok: true });
});

test("a page that goes on after its goodbye, because it only was in the back-forward cache, is back", async () => {
  const service = await startService({ RELOAD_GRACE_MS: "5000" });
  const ada = await service.join("ada", "daily");
  const bob = await service.join("bob", "daily");
  await beacon(service, JSON.stringify(bob.hello));
  await ada.event("user_away", ({ reason }) => reason === "goodbye");
  bob.sendRaw('{"type":"ping"}');
  expect(await ada.event("user_back")).toMatchObject({ userId: "bob" });
});

test.each([
  ["a wrong token", (right: object) => ({ ...right, resumeToken: "wrong" })],
  ["an unknown session", (right: object) => ({ ...right, sessionId: "nobody" })],
  ["a session called __proto__", (right: object) => ({ ...right, sessionId: "__proto__" })],
])("a beacon with %s is answered like any other and does nothing", async (_what, change) => {
  const service = await startService({ RELOAD_GRACE_MS: "300" });
  const bob = await service.join("bob", "daily");
  const right = { sessionId: bob.hello.sessionId, resumeToken: bob.hello.resumeToken };
  const response = await beacon(service, JSON.stringify(change(right)));
  expect(response.status).toBe(204);
  expect(await response.text()).toBe("");
  const genuine = await beacon(service, JSON.stringify(right));
  expect([...response.headers.keys()]).toEqual([...genuine.headers.keys()]);
  const view = await (await service.get(`/api/sessions/${right.sessionId}`)).json();
  expect(view).toMatchObject({ evidence: { goodbyeAt: expect.any(Number) } });
});

test("a wrong beacon leaves no trace in the evidence", async () => {
  const service = await startService();
  const bob = await service.join("bob", "daily");
  await beacon(service, JSON.stringify({ sessionId: bob.hello.sessionId, resumeToken: "wrong" }));
  const view = await (await service.get(`/api/sessions/${bob.hello.sessionId}`)).json();
  expect(view).toMatchObject({ evidence: { goodbyeAt: null } });
});

test.each([
  ["nothing", "", 400],
  ["no JSON", "bye", 400],
  ["a list", "[]", 400],
  ["no token", '{"sessionId":"a"}', 400],
  ["a token that is a number", '{"sessionId":"a","resumeToken":1}', 400],
  ["too much", JSON.stringify({ sessionId: "a", resumeToken: "b", pad: "x".repeat(2_000) }), 413],
])("a beacon with %s is refused in the usual form", async (_what, body, status) => {
  const service = await startService();
  const response = await beacon(service, body);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ code: "bad_message", status });
});

test("a beacon needs no admin token, not even in production, and comes as JSON from those who can send it", async () => {
  const service = await startService(PRODUCTION);
  const body = '{"sessionId":"a","resumeToken":"b"}';
  expect((await beacon(service, body)).status).toBe(204);
  expect((await beacon(service, body, { "content-type": "application/json" })).status).toBe(204);
  expect((await beacon(service, "{}", { "content-type": "application/json" })).status).toBe(400);
  expect((await beacon(service, body, { "content-type": "application/xml" })).status).toBe(415);
});
