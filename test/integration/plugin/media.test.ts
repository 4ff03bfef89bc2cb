import { describe, expect, test } from "vitest";
import { needsMedia, noMediaReason } from "../../support/media-worker.js";
import { until } from "../../support/until.js";
import { application, enter, heldBy, makeRouter, makeTransport, registerLastseen, startWorker } from "./application.js";

const OPUS_PARAMETERS = {
  codecs: [{ mimeType: "audio/opus" as const, payloadType: 100, clockRate: 48_000, channels: 2 }],
  encodings: [{ ssrc: 1111 }],
};

/** Two people who use the application's own signalling, in one room with one router. */
async function twoPeople() {
  const { app, log, listen } = application();
  await registerLastseen(app);
  const worker = await startWorker();
  const router = await makeRouter(worker);
  app.post("/signalling/:sessionId", async ({ params }) => {
    const { sessionId } = params as { sessionId: string };
    const { id } = await makeTransport(router, { sessionId });
    return { id };
  });
  const { http, connect } = await listen();
  const makeFor = async (sessionId: string): Promise<string> => {
    const response = await fetch(`${http}/signalling/${sessionId}`, { method: "POST" });
    return ((await response.json()) as { id: string }).id;
  };
  const [ann, ben] = [await connect(), await connect()];
  const [annId, benId] = [await enter(ann, "ann", "daily"), await enter(ben, "ben", "daily")];
  return { app, log, worker, router, http, makeFor, ann, ben, annId, benId };
}

describe.skipIf(noMediaReason)(needsMedia("An application's own media"), () => {
  test("is closed with the session whose socket was killed, and only that session's media", async () => {
    const { app, worker, router, makeFor, ann, ben, annId, benId } = await twoPeople();
    const [annSend, annReceive, bensOwn] = [await makeFor(annId), await makeFor(annId), await makeFor(benId)];
    const foreign = await makeTransport(router);
    const stranger = await makeTransport(router, { sessionId: "a session of the application" });
    const cleaned = new Promise<string>((resolve) => {
      app.lastseen.on("cleaned", ({ result }) => resolve(result));
    });
    expect(app.lastseen.findSession(annId)?.media.transports).toBe(2);

    ann.reset();
    await ben.event("user_left", ({ userId }) => userId === "ann");
    expect(await cleaned).toBe("clean");

    const held = await heldBy(worker);
    expect([annSend, annReceive].filter((id) => held.has(id))).toEqual([]);
    expect([bensOwn, foreign.id, stranger.id].filter((id) => !held.has(id))).toEqual([]);
    expect(app.lastseen.whoIsIn("daily").map(({ userId }) => userId)).toEqual(["ben"]);
    expect(app.lastseen.findSession(benId)?.media.transports).toBe(1);
  });

  test("includes the producers of a transport", async () => {
    const { app, worker, router, annId } = await twoPeople();
    const transport = await makeTransport(router, { sessionId: annId });
    const producer = await transport.produce({ kind: "audio", rtpParameters: OPUS_PARAMETERS });
    expect(app.lastseen.findSession(annId)?.media).toEqual({ transports: 1, producers: 1, consumers: 0 });
    await app.lastseen.kick(annId);
    expect((await heldBy(worker)).has(producer.id)).toBe(false);
  });

  test("belongs to a session after a call of `own`, too", async () => {
    const { app, worker, router, annId, ben } = await twoPeople();
    const transport = await makeTransport(router);
    expect(app.lastseen.own(annId, transport)).toBe(true);
    expect(await app.lastseen.kick(annId)).toBe(true);
    await ben.event("user_left", ({ reason }) => reason === "kicked");
    expect((await heldBy(worker)).has(transport.id)).toBe(false);
  });

  test("is closed at once when it comes after the end of its session", async () => {
    const { app, worker, router, annId, makeFor } = await twoPeople();
    await app.lastseen.kick(annId);
    const late = await makeFor(annId);
    const other = await makeTransport(router);
    expect(app.lastseen.own(annId, other)).toBe(false);
    await until(async () => !(await heldBy(worker)).has(late));
    await until(async () => !(await heldBy(worker)).has(other.id));
  });

  test("is closed when its session leaves the room, and the session may have new media", async () => {
    const { app, worker, ann, annId, makeFor } = await twoPeople();
    const before = await makeFor(annId);
    await ann.request("leave");
    await until(async () => !(await heldBy(worker)).has(before));
    await ann.request("join", { roomId: "weekly" });
    const after = await makeFor(annId);
    expect((await heldBy(worker)).has(after)).toBe(true);
    expect(app.lastseen.findSession(annId)?.media.transports).toBe(1);
  });

  test("stays when the service compares its records with the workers", async () => {
    const { http, worker, router, annId, makeFor } = await twoPeople();
    const own = await makeFor(annId);
    const foreign = [await makeTransport(router), await makeTransport(router, { sessionId: "stranger" })];
    const post = async () => (await fetch(`${http}/api/cleanup`, { method: "POST" })).json();
    await post();
    expect(await post()).toMatchObject({ reconciliation: { foreignMedia: { transport: 2 }, orphansClosed: 0 } });
    const held = await heldBy(worker);
    expect([own, ...foreign.map(({ id }) => id)].filter((id) => !held.has(id))).toEqual([]);
  });

  test("stays when the service closes, except the media of sessions", async () => {
    const { app, worker, router, annId, benId, makeFor } = await twoPeople();
    const own = [await makeFor(annId), await makeFor(benId)];
    const foreign = await makeTransport(router);
    await app.close();
    const held = await heldBy(worker);
    expect(own.filter((id) => held.has(id))).toEqual([]);
    expect(held.has(foreign.id)).toBe(true);
    expect(worker.closed).toBe(false);
    expect(router.observer.listenerCount("newtransport") + worker.observer.listenerCount("newrouter")).toBe(0);
  });

  test("cannot be requested over Lastseen's protocol", async () => {
    const { ann } = await twoPeople();
    const answer = await ann.ask("createTransport", { direction: "send" });
    expect(answer).toMatchObject({ ok: false, error: { code: "media_unavailable" } });
  });
});

describe.skipIf(noMediaReason)(needsMedia("A worker that was started before the registration"), () => {
  test("is watched when the options name it", async () => {
    const { app, listen } = application();
    const worker = await startWorker();
    await registerLastseen(app, { workers: [worker] });
    const { connect } = await listen();
    const sessionId = await enter(await connect(), "ann", "daily");
    const transport = await makeTransport(await makeRouter(worker), { sessionId });
    await app.lastseen.kick(sessionId);
    expect(transport.closed).toBe(true);
  });

  test("makes the registration fail when it has routers already", async () => {
    const { app } = application();
    const worker = await startWorker();
    await makeRouter(worker);
    await expect(registerLastseen(app, { workers: [worker] })).rejects.toThrow(/1 router\(s\) that were made before/);
  });

  test("makes a call for one of its transports fail, with the reason", async () => {
    const { app, listen } = application();
    const worker = await startWorker();
    await registerLastseen(app);
    const { connect } = await listen();
    const sessionId = await enter(await connect(), "ann", "daily");
    const transport = await makeTransport(await makeRouter(worker));
    expect(() => app.lastseen.own(sessionId, transport)).toThrow(/started before Lastseen was registered/);
    expect(transport.closed).toBe(false);
  });
});
