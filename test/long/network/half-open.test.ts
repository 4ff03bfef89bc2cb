import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { createWebServer } from "../../../src/http/web-server.js";
import type { SessionView } from "@lastseen/protocol/http";
import { freePort } from "../../support/free-port.js";
import { startService, type TestService } from "../../support/service.js";
import { TestClient } from "../../support/test-client.js";
import { until } from "../../support/until.js";
import { noNetworkReason, OtherMachine } from "./namespace.js";

const WEB_ROOT = fileURLToPath(new URL("../../../dist/web", import.meta.url));

function onNetwork(title: string): string {
  return noNetworkReason === undefined ? title : `${title} (skipped: ${noNetworkReason})`;
}

/** The service with the deadlines of production. A person on another machine and a person on this machine are in the room. */
async function setUp(): Promise<{
  machine: OtherMachine;
  service: TestService;
  http: string;
  ws: string;
  pageUrl: string;
}> {
  const machine = OtherMachine.create();
  const { hostAddress } = machine;
  const webPort = await freePort();
  const origin = `http://${hostAddress}:${webPort}`;
  const service = await startService({
    HOST: hostAddress,
    SFU_LISTEN_IP: hostAddress,
    SFU_WORKERS: "1",
    CORS_ORIGIN: origin,
  });
  const web = await createWebServer({
    log: service.app.http.log,
    root: WEB_ROOT,
    service: () => ({ serviceUrl: null, servicePort: service.port }),
  });
  onTestFinished(() => web.close());
  await web.listen({ port: webPort, host: hostAddress });
  const query = new URLSearchParams({ room: "daily", name: "Ada", autojoin: "1" });
  const pageUrl = `${origin}/?${query.toString()}`;
  const address = `${hostAddress}:${service.port}`;
  return { machine, service, http: `http://${address}`, ws: `ws://${address}/ws`, pageUrl };
}

async function watcher(ws: string): Promise<TestClient> {
  const client = await TestClient.open(ws);
  onTestFinished(() => client.reset());
  const { heartbeat } = await client.request("hello", { tabId: "watcher", user: { id: "watcher" } });
  await client.request("join", { roomId: "daily" });
  const beat = setInterval(() => client.send({ type: "ping" }), heartbeat.intervalMs);
  onTestFinished(() => clearInterval(beat));
  return client;
}

/** What the service shows of a user who has one session. */
async function viewOf(http: string, name: string): Promise<SessionView | undefined> {
  const response = await fetch(`${http}/api/sessions`);
  const { sessions } = (await response.json()) as { sessions: SessionView[] };
  return sessions.find((session) => session.name === name);
}

describe.skipIf(noNetworkReason)("a machine whose link is taken down", () => {
  test(
    onNetwork("is away within 9 s and gone after 20 to 32 s, with media and without, by the settings of production"),
    { timeout: 150_000 },
    async () => {
      const { machine, service, http, ws, pageUrl } = await setUp();
      const host = await watcher(ws);
      await machine.openPage(pageUrl);
      machine.startQuietClient(ws, "quiet", "daily");
      await until(async () => (await viewOf(http, "Ada"))?.evidence.media === "connected", 40_000);
      await until(async () => ((await viewOf(http, "quiet"))?.evidence.lastPongAt ?? null) !== null, 20_000);
      const [ada] = [...service.app.registry.all()].filter(({ name }) => name === "Ada");
      const cutAt = performance.now();
      machine.pullCable();
      const seconds = (): number => (performance.now() - cutAt) / 1_000;
      const after = async (event: "user_away" | "user_left", userId = ""): Promise<number> => {
        await host.event(event, (told) => told.userId === userId, 80_000);
        return seconds();
      };
      const course = async (userId: string | undefined) => {
        const away = await after("user_away", userId);
        return { away, left: await after("user_left", userId) };
      };
      const [withMedia, without] = await Promise.all([course(ada?.userId), course("quiet")]);
      process.stdout.write(`seconds with media: ${JSON.stringify(withMedia)}, without: ${JSON.stringify(without)}\n`);
      for (const { away, left } of [withMedia, without]) {
        expect(away).toBeGreaterThan(4);
        expect(away).toBeLessThan(9.5);
        expect(left).toBeGreaterThan(20);
        expect(left).toBeLessThan(32);
      }
      expect(host.events("user_left").map(({ reason }) => reason)).toEqual(["disconnected", "disconnected"]);
      const [end] = service.log.filter(({ msg, userId }) => msg === "session ended" && userId === ada?.userId);
      expect(end).toMatchObject({
        cause: "connection_lost",
        evidence: { socketSilentAt: expect.any(Number), media: "lost", mediaLostBy: "ice" },
      });
      expect(host.closeCode).toBeUndefined();
      expect(service.app.media.counts()).toMatchObject({ transport: 0, producer: 0, consumer: 0 });
    },
  );

  test.each([
    { how: "on the same network", plugIn: (machine: OtherMachine) => machine.plugIn() },
    { how: "on another network", plugIn: (machine: OtherMachine) => machine.plugInElsewhere() },
  ])(
    onNetwork("and comes back after 8 s $how is the same session, and was never announced as left"),
    async ({ plugIn }) => {
      const { machine, service, http, ws, pageUrl } = await setUp();
      const host = await watcher(ws);
      const { page } = await machine.openPage(pageUrl);
      await until(async () => (await viewOf(http, "Ada"))?.evidence.media === "connected", 40_000);
      const [ada] = [...service.app.registry.all()].filter(({ name }) => name === "Ada");
      machine.pullCable();
      await new Promise((resolve) => setTimeout(resolve, 8_000));
      plugIn(machine);
      const pluggedInAt = Date.now();
      await until(async () => {
        const view = await viewOf(http, "Ada");
        return view?.state === "present" && view.lastSeenAt > pluggedInAt && view.evidence.media === "connected";
      }, 45_000);
      const known = await page.evaluate(() => window.lastseen?.client.session?.sessionId);
      expect(known).toBe(ada?.id);
      expect(ada?.status).toBe("open");
      expect(host.events("user_left")).toEqual([]);
      expect(host.events("user_joined")).toHaveLength(1);
    },
  );
});
