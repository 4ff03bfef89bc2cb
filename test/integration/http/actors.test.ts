import { expect, test } from "vitest";
import { startService, type TestService } from "../../support/service.js";
import { ADMIN_TOKEN as TOKEN } from "../../support/secrets.js";

const BY = { name: "ADMIN_TOKEN", address: "127.0.0.1" };

interface History {
  entries: { step: string; detail: Record<string, unknown> }[];
}

/** Sends the request as an operator with the admin token. */
function act(service: TestService, method: string, path: string): Promise<Response> {
  return service.get(path, { method, headers: { authorization: `Bearer ${TOKEN}` } });
}

async function detailOf(service: TestService, sessionId: string, step: string): Promise<unknown> {
  const response = await act(service, "GET", `/api/sessions/${sessionId}/timeline`);
  return ((await response.json()) as History).entries.find((entry) => entry.step === step)?.detail;
}

test("a kick tells in the log and in the timeline whose token and which address asked for it", async () => {
  const service = await startService({ ADMIN_TOKEN: TOKEN });
  const { sessionId } = (await service.join("ada", "daily")).hello;
  expect((await act(service, "DELETE", `/api/sessions/${sessionId}`)).status).toBe(204);

  for (const step of ["left room", "session ended"]) {
    expect(service.log.find(({ msg }) => msg === step)).toMatchObject({ sessionId, reason: "kicked", by: BY });
    expect(await detailOf(service, sessionId, step)).toMatchObject({ reason: "kicked", by: BY });
  }
  const action = service.log.find(({ msg }) => msg === "admin action");
  expect(action).toMatchObject({ method: "DELETE", url: `/api/sessions/${sessionId}`, status: 204, by: BY });
  expect(JSON.stringify(service.log)).not.toContain(TOKEN);
});

test("a closed room tells in each timeline who closed it", async () => {
  const service = await startService({ ADMIN_TOKEN: TOKEN });
  const { sessionId } = (await service.join("ada", "daily")).hello;
  expect((await act(service, "DELETE", "/api/rooms/daily")).status).toBe(204);
  expect(await detailOf(service, sessionId, "left room")).toMatchObject({ reason: "room_closed", by: BY });
});

test("a forced cleanup tells in the log who asked for it; where the API is open, that is nobody", async () => {
  const service = await startService();
  expect((await service.get("/api/cleanup", { method: "POST" })).status).toBe(200);
  const by = { name: "nobody", address: "127.0.0.1" };
  expect(service.log.find(({ msg }) => msg === "sweep")).toMatchObject({ by });
  expect(service.log.find(({ msg }) => msg === "admin action")).toMatchObject({ url: "/api/cleanup", by });
});

test("somebody who leaves is not said to be removed by an operator", async () => {
  const service = await startService({ ADMIN_TOKEN: TOKEN });
  const ada = await service.join("ada", "daily");
  await ada.request("leave");
  expect(await detailOf(service, ada.hello.sessionId, "left room")).not.toHaveProperty("by");
});
