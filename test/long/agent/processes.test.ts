import { describe, expect, test } from "vitest";
import { needsMedia, noMediaReason } from "../../support/media-worker.js";
import { until } from "../../support/until.js";
import { agents, sessionAt, startServiceWithAgents } from "../../integration/agents/media-server.js";
import { MediaProcess } from "../../integration/agents/media-process-client.js";

/** A service without media, two media servers with an agent each, and two people whose media is on the first one. */
async function twoMediaServers() {
  const service = await startServiceWithAgents();
  const [one, two] = await Promise.all(["media-1", "media-2"].map((name) => MediaProcess.start(service.http, name)));
  if (!one || !two) throw new Error("no media server was started");
  await until(async () => (await agents(service)).filter(({ state }) => state === "connected").length === 2);
  const [ann, ben] = [await service.join("ann", "daily"), await service.join("ben", "daily")];
  const [annId, benId] = [ann.hello.sessionId, ben.hello.sessionId];
  const [anns, bens] = [await one.make(annId), await one.make(benId)];
  await until(async () => (await sessionAt(service, annId)).media.transports === 1);
  await until(async () => (await sessionAt(service, benId)).media.transports === 1);
  const stateOf = async (name: string) => (await agents(service)).find((agent) => agent.name === name)?.state;
  return { service, one, two, ann, ben, annId, benId, anns, bens, stateOf };
}

describe.skipIf(noMediaReason)(needsMedia("The process of an agent"), () => {
  test("that is killed costs no session, and those that end later are clean or say that nobody saw it", async () => {
    const { service, one, ben, annId, benId, stateOf } = await twoMediaServers();
    one.signal("SIGKILL");
    await until(async () => (await stateOf("media-1")) === "away");
    expect(await stateOf("media-2")).toBe("connected");
    await service.get(`/api/sessions/${annId}`, { method: "DELETE" });
    await ben.event("user_left", ({ reason }) => reason === "kicked");
    expect((await sessionAt(service, benId)).state).toBe("present");
    // A cleanup that waits for an agent is not clean.
    expect(service.app.reaper.unfinished + service.app.reaper.stuck.length).toBe(1);

    // The process is started again under its name: what the one before had has ended with it.
    const again = await MediaProcess.start(service.http, "media-1");
    await until(async () => (await stateOf("media-1")) === "connected");
    await service.get("/api/cleanup", { method: "POST" });
    await until(() => service.app.reaper.unfinished + service.app.reaper.stuck.length === 0);
    const results = service.log.filter(({ sessionId }) => sessionId === annId).map(({ msg }) => msg);
    expect(results).toContain("cleanup unseen");
    expect(results).not.toContain("cleanup verified");
    const fresh = await again.make(benId);
    await until(async () => (await sessionAt(service, benId)).media.transports === 1);
    expect((await again.held()).has(fresh)).toBe(true);
  });

  test("that stands still is away, costs no session, and does what it was told when it goes on", async () => {
    const { service, one, ben, annId, benId, anns, bens, stateOf } = await twoMediaServers();
    one.signal("SIGSTOP");
    await until(async () => (await stateOf("media-1")) === "away");
    await service.get(`/api/sessions/${annId}`, { method: "DELETE" });
    one.signal("SIGCONT");
    await until(async () => (await stateOf("media-1")) === "connected");
    await until(async () => !(await one.held()).has(anns));
    expect((await one.held()).has(bens)).toBe(true);
    await until(async () => {
      await service.get("/api/cleanup", { method: "POST" });
      return service.app.reaper.unfinished + service.app.reaper.stuck.length === 0;
    });
    expect((await sessionAt(service, benId)).state).toBe("present");
    expect(ben.events("user_away")).toEqual([]);
  });

  test("closes its part of a session that has media in two processes", async () => {
    const { service, one, two, annId, anns } = await twoMediaServers();
    const other = await two.make(annId);
    await until(async () => (await sessionAt(service, annId)).media.transports === 2);
    await service.get(`/api/sessions/${annId}`, { method: "DELETE" });
    await until(() => service.app.reaper.unfinished + service.app.reaper.stuck.length === 0);
    expect((await one.held()).has(anns) || (await two.held()).has(other)).toBe(false);
  });
});
