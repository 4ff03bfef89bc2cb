/** Lastseen inside an application whose media is on media servers elsewhere: agents connect to the application. */
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { attachLastseen } from "../../../src/node/index.js";
import type { Lastseen } from "../../../src/plugin/lastseen.js";
import { needsMedia, noMediaReason } from "../../support/media-worker.js";
import { AGENT_TOKEN } from "../../support/secrets.js";
import { TestClient } from "../../support/test-client.js";
import { until } from "../../support/until.js";
import { MediaProcess } from "../agents/media-process-client.js";
import { agents, sessionAt, startAgent } from "../agents/media-server.js";
import { plainBackend } from "../node/backends.js";
import {
  application,
  enter,
  heldBy,
  makeRouter,
  makeTransport,
  registerLastseen,
  SETTINGS,
  startWorker,
} from "./application.js";

const WITH_AGENTS = { ...SETTINGS, AGENT_TOKEN };

interface Running {
  lastseen: Lastseen;
  /** The address of Lastseen, with its prefix. */
  http: string;
  connect: () => Promise<TestClient>;
  close: () => Promise<unknown>;
}

async function inFastify(): Promise<Running> {
  const { app, listen } = application();
  await registerLastseen(app, { prefix: "/presence", settings: { AGENT_TOKEN } });
  const { http, connect } = await listen();
  return {
    lastseen: app.lastseen,
    http: `${http}/presence`,
    connect: () => connect("/presence/ws"),
    close: () => app.close(),
  };
}

async function inNode(): Promise<Running> {
  const { server } = plainBackend();
  const options = { environment: "test", prefix: "/presence", logger: false, settings: WITH_AGENTS } as const;
  const lastseen = await attachLastseen(server, options);
  onTestFinished(() => lastseen.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return {
    lastseen,
    http: `http://127.0.0.1:${port}/presence`,
    connect: () => TestClient.open(`ws://127.0.0.1:${port}/presence/ws`),
    close: () => lastseen.close(),
  };
}

/** How the cleanups ended, by their sessions. */
function cleanupsOf(lastseen: Lastseen): Map<string, string> {
  const cleanups = new Map<string, string>();
  lastseen.on("cleaned", ({ session, result }) => cleanups.set(session.sessionId, result));
  return cleanups;
}

describe.skipIf(noMediaReason)(needsMedia("Agents of an application"), () => {
  test.each([
    ["lastseen/fastify", inFastify],
    ["lastseen/node", inNode],
  ] as const)("%s closes the media of a ghost in another process, and only the ghost's", async (_name, start) => {
    const running = await start();
    const cleanups = cleanupsOf(running.lastseen);
    const media = await MediaProcess.start(running.http, "media-1");
    await until(async () => (await agents(running)).some(({ state }) => state === "connected"));
    const ann = await running.connect();
    const [annId, benId] = [await enter(ann, "ann", "daily"), await enter(await running.connect(), "ben", "daily")];
    const [anns, bens] = [await media.make(annId), await media.make(benId)];
    for (const id of [annId, benId]) await until(async () => (await sessionAt(running, id)).media.transports === 1);

    ann.reset();
    await until(() => cleanups.has(annId));
    expect(cleanups.get(annId)).toBe("clean");
    const held = await media.held();
    expect([held.has(anns), held.has(bens)]).toEqual([false, true]);
    expect(running.lastseen.whoIsIn("daily").map(({ userId }) => userId)).toEqual(["ben"]);

    media.signal("SIGKILL");
    await until(async () => (await agents(running)).some(({ state }) => state === "away"));
    expect(running.lastseen.whoIsIn("daily")).toMatchObject([{ userId: "ben", state: "present" }]);
  });

  test("a process with media of its own has an agent too, and both are closed", async () => {
    const { lastseen, http, connect } = await inFastify();
    const cleanups = cleanupsOf(lastseen);
    startAgent(http, { name: "application" });
    const worker = await startWorker();
    const router = await makeRouter(worker);
    const elsewhere = await MediaProcess.start(http, "media-1");
    await until(async () => (await agents({ http })).filter(({ state }) => state === "connected").length === 2);
    const sessionId = await enter(await connect(), "ann", "daily");
    const [here, there] = [await makeTransport(router, { sessionId }), await elsewhere.make(sessionId)];
    await until(async () => (await sessionAt({ http }, sessionId)).media.transports === 2);
    expect(() => lastseen.own(sessionId, here)).toThrow(/only through agents/);
    await lastseen.kick(sessionId);
    await until(() => cleanups.get(sessionId) === "clean");
    expect([(await heldBy(worker)).has(here.id), (await elsewhere.held()).has(there)]).toEqual([false, false]);
  });

  test("media of the application's own process that no agent watches is told, and no cleanup is called clean", async () => {
    const { app, log, listen } = application();
    await registerLastseen(app, { settings: { AGENT_TOKEN } });
    const cleanups = cleanupsOf(app.lastseen);
    const router = await makeRouter(await startWorker());
    const { http, connect } = await listen();
    await MediaProcess.start(http, "media-1");
    await until(async () => (await agents({ http })).some((agent) => agent.media?.workers === 1));
    const sessionId = await enter(await connect(), "ann", "daily");
    await makeTransport(router, { sessionId });
    expect(log).toContainEqual(
      expect.objectContaining({ level: 50, msg: "this process makes media that no agent watches" }),
    );
    await app.lastseen.kick(sessionId);
    await until(() => cleanups.get(sessionId) === "unseen");
    expect(await (await fetch(`${http}/api/health`)).json()).toMatchObject({
      checks: { media: "unseen" },
      warnings: [expect.stringContaining("no agent watches it")],
    });
  });

  test("their media stays when the application stops, because its people may come back", async () => {
    const first = await inNode();
    const media = await MediaProcess.start(first.http, "media-1");
    await until(async () => (await agents(first)).some(({ state }) => state === "connected"));
    const sessionId = await enter(await first.connect(), "ann", "daily");
    const transport = await media.make(sessionId);
    await until(async () => (await sessionAt(first, sessionId)).media.transports === 1);
    await first.close();
    expect((await media.held()).has(transport)).toBe(true);
  });
});

describe("The setting AGENT_TOKEN", () => {
  test.each([
    ["with the right token", `Bearer ${AGENT_TOKEN}`, 426],
    ["with a wrong token", "Bearer of-another-service", 401],
    ["without a token", "", 401],
  ])("opens /agents only for those who have it: %s", async (_name, authorization, status) => {
    const { app } = application();
    await registerLastseen(app, { prefix: "/presence", settings: { AGENT_TOKEN } });
    const answer = await app.inject({
      url: "/presence/agents",
      headers: authorization === "" ? {} : { authorization },
    });
    expect(answer.statusCode).toBe(status);
  });

  test("is needed for /agents", async () => {
    const { app } = application();
    await registerLastseen(app, { prefix: "/presence" });
    expect((await app.inject({ url: "/presence/agents" })).statusCode).toBe(404);
  });

  test("is refused together with workers and with an observer, which belong to the agent then", async () => {
    const { app } = application();
    const registered = registerLastseen(app, { workers: [], observer: {} as never, settings: { AGENT_TOKEN } });
    await expect(registered).rejects.toThrow(
      /the option workers and the setting AGENT_TOKEN exclude each other[^]*the option observer/,
    );
  });
});
