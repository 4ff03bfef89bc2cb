import { describe, expect, test } from "vitest";
import { needsMedia, noMediaReason } from "../../support/media-worker.js";
import { until } from "../../support/until.js";
import { heldBy, makeTransport } from "../plugin/application.js";
import { agents, mediaServer, reportedTransport, sessionAt, startServiceWithAgents } from "./media-server.js";

/** Two people in a room of a service without media, and a media server with an agent. */
async function twoPeople() {
  const service = await startServiceWithAgents();
  const media = await mediaServer(service.http, service);
  const [ann, ben] = [await service.join("ann", "daily"), await service.join("ben", "daily")];
  const cleaned: string[] = [];
  return { service, ...media, ann, ben, annId: ann.hello.sessionId, benId: ben.hello.sessionId, cleaned };
}

/** How the cleanup after a session ended, from the log. */
async function cleanup(service: Awaited<ReturnType<typeof twoPeople>>["service"], sessionId: string): Promise<string> {
  const line = () =>
    service.log.find(({ msg, sessionId: id }) => msg.startsWith("cleanup verified") && id === sessionId);
  await until(() => line() !== undefined);
  return String(line()?.["result"]);
}

describe.skipIf(noMediaReason)(needsMedia("Media in another process"), () => {
  test("is closed with the session whose socket was killed, and only that session's media", async () => {
    const { service, worker, router, ann, ben, annId, benId } = await twoPeople();
    const annsOwn = [await reportedTransport(service, router, annId), await reportedTransport(service, router, annId)];
    const bensOwn = await reportedTransport(service, router, benId);
    const foreign = await makeTransport(router);
    const stranger = await makeTransport(router, { sessionId: "a session of the application" });

    ann.reset();
    await ben.event("user_left", ({ userId }) => userId === "ann");
    expect(await cleanup(service, annId)).toBe("clean");

    const held = await heldBy(worker);
    expect(annsOwn.filter(({ id }) => held.has(id))).toEqual([]);
    expect([bensOwn, foreign, stranger].filter(({ id }) => !held.has(id))).toEqual([]);
    expect(await sessionAt(service, benId)).toMatchObject({ state: "present", media: { transports: 1 } });
  });

  test("is closed at once when it is made after its session has ended", async () => {
    const { service, worker, router, annId } = await twoPeople();
    await service.get(`/api/sessions/${annId}`, { method: "DELETE" });
    const late = await makeTransport(router, { sessionId: annId });
    await until(async () => !(await heldBy(worker)).has(late.id));
  });

  test("is closed when its session leaves the room, and the session may have new media", async () => {
    const { service, worker, router, ann, annId } = await twoPeople();
    const before = await reportedTransport(service, router, annId);
    await ann.request("leave");
    await until(async () => !(await heldBy(worker)).has(before.id));
    await ann.request("join", { roomId: "weekly" });
    const after = await reportedTransport(service, router, annId);
    expect((await heldBy(worker)).has(after.id)).toBe(true);
    expect((await sessionAt(service, annId)).media.transports).toBe(1);
  });

  test("of a session that is unknown stays, and operators see it", async () => {
    const { service, worker, router } = await twoPeople();
    const stranger = await makeTransport(router, { sessionId: "a session of the application" });
    await until(async () => (await agents(service))[0]?.unknownSessions === 1);
    for (let round = 0; round < 3; round += 1) await service.get("/api/cleanup", { method: "POST" });
    expect((await heldBy(worker)).has(stranger.id)).toBe(true);
    expect((await agents(service))[0]).toMatchObject({ sessions: 1, media: { transports: 1, unowned: 0 } });
  });

  test("is shown with its counts, also after the application has closed it itself", async () => {
    const { service, router, annId } = await twoPeople();
    const transport = await reportedTransport(service, router, annId);
    expect(await (await service.get("/metrics")).text()).toMatch(/lastseen_media_objects\{kind="transport"\} 1\n/);
    transport.close();
    await until(async () => (await sessionAt(service, annId)).media.transports === 0);
    await until(async () => (await agents(service))[0]?.sessions === 0);
  });

  test("on a worker that does not answer makes the cleanup stuck, and the cleanup ends when the worker answers", async () => {
    const { service, worker, router, annId } = await twoPeople();
    const transport = await reportedTransport(service, router, annId);
    process.kill(worker.pid, "SIGSTOP");
    try {
      await service.get(`/api/sessions/${annId}`, { method: "DELETE" });
      await until(() => service.app.reaper.unfinished + service.app.reaper.stuck.length === 1);
    } finally {
      process.kill(worker.pid, "SIGCONT");
    }
    await until(() => service.app.reaper.unfinished + service.app.reaper.stuck.length === 0);
    expect((await heldBy(worker)).has(transport.id)).toBe(false);
  });

  test("stays when the service stops, and when the agent stops", async () => {
    const { service, watch, worker, router, annId } = await twoPeople();
    const transport = await reportedTransport(service, router, annId);
    await watch.close();
    await until(async () => (await agents(service)).length === 0);
    await service.close();
    expect((await heldBy(worker)).has(transport.id)).toBe(true);
    expect(transport.closed).toBe(false);
  });
});
