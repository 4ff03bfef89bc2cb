/** Another tab takes over and says what it will send: the tab before sends that until then, and is told when it is over. */
import { observer } from "mediasoup";
import { describe, expect, test } from "vitest";
import { needsMedia, noMediaReason } from "../../support/media-worker.js";
import { startService, type TestService } from "../../support/service.js";
import type { TestClient } from "../../support/test-client.js";
import { until } from "../../support/until.js";
import { workersHold } from "../../support/worker-dump.js";
import { opus, vp8 } from "../media/support.js";

type Member = Awaited<ReturnType<TestService["join"]>>;

interface Scene {
  service: TestService;
  /** Somebody else in the room. */
  eve: Member;
  /** Ada's tab that sends sound and a picture. */
  first: Member;
  mic: string;
  camera: string;
}

/** Of the services here, oldest first. */
const workerPids: number[] = [];
observer.on("newworker", ({ pid }) => workerPids.push(pid));

async function send(client: TestClient, kind: "audio" | "video", more: object = {}): Promise<string> {
  const { id: transportId } = await client.request("createTransport", { direction: "send" });
  const [source, rtpParameters] = kind === "audio" ? (["mic", opus()] as const) : (["camera", vp8()] as const);
  const { producerId } = await client.request("produce", { transportId, kind, rtpParameters, source, ...more });
  return producerId;
}

async function scene(env: Record<string, string> = {}): Promise<Scene> {
  const service = await startService({ SFU_WORKERS: "1", ...env });
  const eve = await service.join("eve", "daily");
  const first = await service.join("ada", "daily");
  const mic = await send(first, "audio");
  const camera = await send(first, "video");
  await eve.event("new_producer", ({ producerId }) => producerId === camera);
  return { service, eve, first, mic, camera };
}

async function takeOver({ service }: Scene, sources?: string[]) {
  const tab = await service.hello("ada", { tabId: "second" });
  const joined = await tab.request("join", { roomId: "daily", ...(sources && { sources }) });
  return Object.assign(tab, { joined });
}

/** Which producers the others see of Ada. */
async function shown({ eve }: Scene): Promise<string[]> {
  const { room } = await eve.request("getRoom");
  return room.participants.flatMap(({ userId, producers }) => (userId === "ada" ? producers.map(({ id }) => id) : []));
}

const closed = ({ eve }: Scene) => eve.events("producer_closed").map(({ producerId }) => producerId);

describe.skipIf(noMediaReason)(needsMedia("a change of tabs with media"), () => {
  test("the tab before goes on sending and is not told, but it no longer owns the session", async () => {
    const stage = await scene();
    const { first, mic, camera } = stage;
    const second = await takeOver(stage, ["mic", "camera"]);
    expect(second.joined).toMatchObject({ transferred: true, epoch: 2, sessionId: first.hello.sessionId });
    expect(await shown(stage)).toEqual([mic, camera]);
    expect(await first.ask("createTransport", { direction: "send" })).toMatchObject({ error: { code: "fenced" } });
    first.send({ type: "ping" });
    const pong = await first.frame(({ type }) => type === "pong");
    expect(pong).toEqual({ type: "pong" });
    expect(first.events("session_transferred")).toEqual([]);
    expect(first.closeCode).toBeUndefined();
    await workersHold({ transports: 2, producers: 2, consumers: 0 });
  });

  test("a request that was under way at the change gets no answer on the tab that has lost the session", async () => {
    const stage = await scene();
    const { first, eve, mic } = stage;
    const pid = workerPids.at(-1) ?? 0;
    process.kill(pid, "SIGSTOP");
    first.send({ type: "pauseProducer", id: "late", data: { producerId: mic } });
    first.send({ type: "ping", id: "arrived" });
    await first.frame(({ id }) => id === "arrived");
    await takeOver(stage, ["mic", "camera"]);
    process.kill(pid, "SIGCONT");
    await eve.event("producer_paused");
    first.send({ type: "ping", id: "after" });
    await first.frame(({ id }) => id === "after");
    expect(first.frames.filter(({ id }) => id === "late")).toEqual([]);
  });

  test("what the new tab mutes ends at once; when all has ended, the tab before is told", async () => {
    const stage = await scene();
    const { first, eve, mic, camera } = stage;
    const second = await takeOver(stage, ["mic", "camera"]);
    const newMic = await send(second, "audio", { paused: true });
    await eve.event("producer_closed", ({ producerId }) => producerId === mic);
    expect(await shown(stage)).toEqual([camera, newMic]);
    expect(first.closeCode).toBeUndefined();
    const newCamera = await send(second, "video", { paused: true });
    expect(await first.event("session_transferred")).toMatchObject({ roomId: "daily", tabId: "second" });
    expect(await first.closed()).toBe(4409);
    expect(await shown(stage)).toEqual([newMic, newCamera]);
    expect(closed(stage)).toEqual([mic, camera]);
    expect(eve.events("user_left")).toEqual([]);
    await workersHold({ transports: 2, producers: 2, consumers: 0 });
  });

  test("what the new tab will not send, and what is muted, ends at once", async () => {
    const stage = await scene();
    const { first, mic, camera } = stage;
    await takeOver(stage, ["mic"]);
    expect(await shown(stage)).toEqual([mic]);
    expect(closed(stage)).toEqual([camera]);
    expect(first.closeCode).toBeUndefined();

    const other = await scene();
    await other.first.request("pauseProducer", { producerId: other.mic });
    await takeOver(other, ["mic"]);
    expect(await other.first.closed()).toBe(4409);
    expect(await shown(other)).toEqual([]);
  });

  test("without sources everything of the tab before ends at once", async () => {
    const stage = await scene();
    await takeOver(stage);
    expect(await stage.first.closed()).toBe(4409);
    expect(await shown(stage)).toEqual([]);
    await workersHold({ transports: 0, producers: 0, consumers: 0 });
  });

  test("a new tab that sends nothing has five seconds; then the tab before ends", async () => {
    const stage = await scene();
    const { first, mic, camera } = stage;
    const begin = performance.now();
    const second = await takeOver(stage, ["mic", "camera"]);
    expect(await first.closed()).toBe(4409);
    const tookMs = performance.now() - begin;
    expect(tookMs).toBeGreaterThan(4_500);
    expect(closed(stage).toSorted()).toEqual([mic, camera].toSorted());
    expect((await second.request("getRoom")).room.participants).toHaveLength(2);
    await workersHold({ transports: 0, producers: 0, consumers: 0 });
  });

  test("a page may close what the tab before it still sends", async () => {
    const stage = await scene();
    const second = await takeOver(stage, ["mic", "camera"]);
    await second.request("closeProducer", { producerId: stage.camera });
    expect(await shown(stage)).toEqual([stage.mic]);
    await second.request("closeProducer", { producerId: stage.mic });
    expect(await stage.first.closed()).toBe(4409);
  });

  test("the new tab is closed in the middle: the tab before gets its session back with its own token, and its media goes on", async () => {
    const stage = await scene();
    const { service, first, eve, mic, camera } = stage;
    const second = await takeOver(stage, ["mic", "camera"]);
    const newMic = await send(second, "audio");
    second.close(1001);
    expect(await first.event("server_closing")).toEqual({ reconnectAfterMs: 0 });
    expect(await first.closed()).toBe(1012);
    const { sessionId, resumeToken } = first.hello;
    const again = await service.hello("ada", { tabId: "tab-ada", resume: { sessionId, resumeToken } });
    expect(again.hello).toMatchObject({ sessionId, resumed: true, epoch: 4 });
    expect(again.events("media_reset")).toEqual([]);
    expect(first.events("media_reset")).toEqual([]);
    expect(await shown(stage)).toEqual([mic, camera]);
    expect(closed(stage)).toEqual([newMic]);
    expect(eve.events("user_left")).toEqual([]);
    await send(again, "audio");
    const late = { tabId: "second", resume: { sessionId, resumeToken: second.joined.resumeToken } };
    const refused = await service.connect();
    expect(await refused.ask("hello", { user: { id: "ada" }, ...late })).toMatchObject({
      ok: false,
      error: { code: "session_gone" },
    });
    expect(service.app.registry.find(sessionId)?.tabId).toBe("tab-ada");
  });

  test("the new tab breaks in the middle when the tab before has lost its camera already: that one makes its media again", async () => {
    const stage = await scene();
    const { service, first, mic, camera } = stage;
    const second = await takeOver(stage, ["mic"]);
    second.reset();
    expect(await first.event("media_reset")).toEqual({ reason: "media_lost" });
    expect(await first.closed()).toBe(1012);
    const { sessionId, resumeToken } = first.hello;
    const again = await service.hello("ada", { resume: { sessionId, resumeToken } });
    expect(again.hello).toMatchObject({ sessionId, resumed: true });
    expect(await shown(stage)).toEqual([]);
    expect(closed(stage)).toEqual([camera, mic]);
    await workersHold({ transports: 0, producers: 0, consumers: 0 });
  });

  test("a tab before that is away is told at once, and never gets the session back", async () => {
    const stage = await scene();
    const { service, first, eve } = stage;
    first.send({ type: "ping", data: { visibility: "frozen" } });
    await eve.event("user_away");
    const second = await takeOver(stage, ["mic", "camera"]);
    second.reset();
    await until(() => service.app.registry.find(first.hello.sessionId)?.connection === undefined);
    expect(await first.closed()).toBe(4409);
    expect(await shown(stage)).toEqual([]);
    const { sessionId, resumeToken } = second.joined;
    const again = await service.hello("ada", { tabId: "second", resume: { sessionId, resumeToken } });
    expect(again.hello).toMatchObject({ sessionId, resumed: true });
    await workersHold({ transports: 0, producers: 0, consumers: 0 });
  });

  test("a tab before that does not come back waits like any other for the grace, and is gone then", async () => {
    const stage = await scene({ RELOAD_GRACE_MS: "500", RESUME_GRACE_MS: "500" });
    const second = await takeOver(stage, ["mic", "camera"]);
    second.close(1001);
    expect(await stage.first.closed()).toBe(1012);
    expect(await stage.eve.event("user_left")).toMatchObject({ userId: "ada", reason: "disconnected" });
    await workersHold({ transports: 0, producers: 0, consumers: 0 });
    expect(stage.service.app.registry.size).toBe(1);
  });

  test("the tab before is killed in the middle: its media ends at once, and the new tab stays", async () => {
    const stage = await scene();
    const { mic, camera, first } = stage;
    const second = await takeOver(stage, ["mic", "camera"]);
    first.kill();
    await until(() => closed(stage).length === 2);
    expect(closed(stage).toSorted()).toEqual([mic, camera].toSorted());
    await send(second, "audio");
    second.close(1001);
    expect(await stage.eve.event("user_away")).toMatchObject({ userId: "ada" });
  });

  test.each([
    ["leaves", (tab: TestClient) => tab.request("leave"), undefined],
    ["says goodbye", (tab: TestClient) => tab.request("beforeDisconnect"), 1000],
  ])("the new tab %s in the middle: so does the user", async (_how, go, code) => {
    const stage = await scene();
    const second = await takeOver(stage, ["mic", "camera"]);
    await go(second);
    expect(await stage.first.closed()).toBe(4409);
    expect(await stage.eve.event("user_left")).toMatchObject({ userId: "ada", reason: "left" });
    if (code !== undefined) expect(await second.closed()).toBe(code);
    await workersHold({ transports: 0, producers: 0, consumers: 0 });
  });

  test("an operator kicks the user in the middle: both tabs end", async () => {
    const stage = await scene();
    const second = await takeOver(stage, ["mic", "camera"]);
    await stage.service.get(`/api/sessions/${stage.first.hello.sessionId}`, { method: "DELETE" });
    expect(await second.closed()).toBe(4403);
    expect(await stage.first.closed()).toBe(4409);
    expect(await stage.eve.event("user_left")).toMatchObject({ reason: "kicked" });
  });

  test("a third tab in the middle: the first is told, the second goes on until the third sends", async () => {
    const stage = await scene();
    const second = await takeOver(stage, ["mic", "camera"]);
    const newMic = await send(second, "audio");
    const third = await takeOver(stage, ["mic"]);
    expect(third.joined.epoch).toBe(3);
    expect(await stage.first.closed()).toBe(4409);
    expect(await shown(stage)).toEqual([newMic]);
    await send(third, "audio", { paused: true });
    expect(await second.closed()).toBe(4409);
  });

  test("the worker dies in the middle: the tab before is told, and the new tab makes its media again", async () => {
    const stage = await scene();
    const second = await takeOver(stage, ["mic", "camera"]);
    process.kill(workerPids.at(-1) ?? NaN, "SIGKILL");
    expect(await second.event("media_reset")).toEqual({ reason: "worker_died" });
    expect(await stage.first.closed()).toBe(4409);
  });

  test("the service stops in the middle: the new tab comes back, and the tab before does not", async () => {
    const stage = await scene();
    const second = await takeOver(stage, ["mic", "camera"]);
    const [, firstCode, secondCode] = await Promise.all([
      stage.service.app.close(),
      stage.first.closed(),
      second.closed(),
    ]);
    expect([firstCode, secondCode]).toEqual([4409, 1012]);
  });
});
