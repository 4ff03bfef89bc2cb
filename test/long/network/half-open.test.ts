import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { createWebServer } from "../../../src/http/web-server.js";
import type { SessionView } from "../../../src/admin/session-view.js";
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
    onNetwork("is gone within 26 s with media and within 60 s without, by the settings of production"),
    { timeout: 150_000 },
    async () => {
      const { machine, service, http, ws, pageUrl } = await setUp();
      const host = await watcher(ws);
      await machine.openPage(pageUrl);
      machine.startQuietClient(ws, "quiet", "daily");
      await until(async () => (await viewOf(http, "Ada"))?.evidence.media === "connected", 40_000);
      await until(async () => (await viewOf(http, "quiet")) !== undefined);
      // Right after a pong: from here it takes longest until two pongs are missing.
      const lastPongAt = async () => (await viewOf(http, "quiet"))?.evidence.lastPongAt;
      const answered = await lastPongAt();
      await until(async () => (await lastPongAt()) !== answered, 20_000);
      const [ada] = [...service.app.registry.all()].filter(({ name }) => name === "Ada");
      const cutAt = performance.now();
      machine.pullCable();
      const left = async (who: (userId: string) => boolean) => {
        const { reason } = await host.event("user_left", ({ userId }) => who(userId), 80_000);
        return { reason, afterMs: performance.now() - cutAt };
      };
      const withMedia = await left((userId) => userId === ada?.userId);
      expect(withMedia).toMatchObject({ reason: "disconnected" });
      expect(withMedia.afterMs).toBeLessThan(26_000);
      const without = await left((userId) => userId === "quiet");
      expect(without).toMatchObject({ reason: "disconnected" });
      expect(without.afterMs).toBeLessThan(60_000);
      const seconds = (ms: number): string => (ms / 1_000).toFixed(1);
      process.stdout.write(
        `gone after ${seconds(withMedia.afterMs)} s with media, ${seconds(without.afterMs)} s without\n`,
      );
      const [end] = service.log.filter(({ msg, userId }) => msg === "session ended" && userId === ada?.userId);
      expect(end).toMatchObject({
        cause: "connection_and_media_lost",
        evidence: { closeCode: 1006, media: "lost", mediaLostBy: "ice" },
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
