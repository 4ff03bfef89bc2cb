/** The browser SDK comes back to the real service: from the back/forward cache, and after an outage. */
import { setTimeout } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import type { LastseenClient } from "../../../packages/client/src/client.js";
import { NodePage, sdkClient } from "../../support/node-browser.js";
import { startService, type TestService } from "../../support/service.js";
import { TcpProxy } from "../../support/tcp-proxy.js";
import type { TestClient } from "../../support/test-client.js";
import { until } from "../../support/until.js";

/** How long an outage takes that the clients have to survive: three quarters of the grace, as 15 s of 20 s. */
const OUTAGE_MS = 6_000;
const GRACE_MS = 8_000;

function connect(url: string, userId: string, page = new NodePage()): LastseenClient {
  return sdkClient({ url, user: { id: userId }, environment: { page } });
}

async function networkTo(service: TestService): Promise<TcpProxy> {
  const network = await TcpProxy.start(service.port);
  onTestFinished(() => network.close());
  return network;
}

/** What the watcher was told about one user, in order. */
function told(watcher: TestClient, userId: string): string[] {
  return watcher.frames.flatMap(({ type, data }) => {
    const about = data as { userId?: string; participant?: { userId: string } } | undefined;
    return type && (about?.userId ?? about?.participant?.userId) === userId ? [type] : [];
  });
}

const back = (client: LastseenClient, how: string): Promise<void> =>
  new Promise((resolve) => {
    const off = client.on("joined", (joined) => {
      if (joined.how !== how) return;
      off();
      resolve();
    });
  });

describe("a page in the back/forward cache", () => {
  test("is gone for the others as soon as a closed one, and joins anew when it is back: one participant", async () => {
    const service = await startService({ RELOAD_GRACE_MS: "1500" });
    const bob = await service.join("bob", "daily");
    const page = new NodePage();
    const ann = connect(service.http, "ann", page);
    await ann.join("daily");
    const before = ann.session?.sessionId;
    page.signal({ kind: "hide", persisted: true });
    await bob.event("user_away", ({ userId }) => userId === "ann");
    await bob.event("user_left", ({ userId }) => userId === "ann");
    const rejoined = back(ann, "rejoined");
    page.signal({ kind: "wake", cause: "pageshow" });
    await rejoined;
    expect(ann.session?.sessionId).not.toBe(before);
    expect((await bob.request("getRoom")).room.participants.map(({ userId }) => userId)).toEqual(["bob", "ann"]);
  });

  test("resumes when it is back within the grace, and nobody left", async () => {
    const service = await startService({ RELOAD_GRACE_MS: "20000" });
    const bob = await service.join("bob", "daily");
    const page = new NodePage();
    const ann = connect(service.http, "ann", page);
    await ann.join("daily");
    const before = ann.session?.sessionId;
    for (let times = 0; times < 3; times++) {
      page.signal({ kind: "hide", persisted: true });
      // The first time it is back before the service knows that it went.
      if (times > 0) await until(() => told(bob, "ann").filter((type) => type === "user_away").length === times);
      const resumed = back(ann, "resumed");
      page.signal({ kind: "wake", cause: "pageshow" });
      await resumed;
    }
    expect(ann.session?.sessionId).toBe(before);
    expect(told(bob, "ann")).not.toContain("user_left");
    expect((await bob.request("getRoom")).room.participants).toHaveLength(2);
  });

  test("leaves the meeting to the device on which the user went on", async () => {
    const service = await startService({ RELOAD_GRACE_MS: "1500" });
    const bob = await service.join("bob", "daily");
    const page = new NodePage();
    const ann = connect(service.http, "ann", page);
    await ann.join("daily");
    page.signal({ kind: "hide", persisted: true });
    await bob.event("user_left", ({ userId }) => userId === "ann");
    const phone = await service.join("ann", "daily");
    const stopped = new Promise((resolve) =>
      ann.on("state", (change) => change.reason === "transferred" && resolve(0)),
    );
    page.signal({ kind: "wake", cause: "pageshow" });
    await stopped;
    await expect(phone.ask("getRoom")).resolves.toMatchObject({ ok: true });
    expect((await bob.request("getRoom")).room.participants).toHaveLength(2);
  });
});

describe("a phone that changes from Wi-Fi to mobile within 4 s", () => {
  test("is not shown as away, and keeps its session", async () => {
    const service = await startService();
    const network = await networkTo(service);
    const bob = await service.join("bob", "daily");
    const page = new NodePage();
    const ann = connect(`http://127.0.0.1:${network.port}`, "ann", page);
    await ann.join("daily");
    const before = ann.session?.sessionId;
    const resumed = back(ann, "resumed");
    const startedAt = performance.now();
    network.silence();
    page.signal({ kind: "offline" });
    await setTimeout(4_000);
    network.heal();
    page.signal({ kind: "wake", cause: "online" });
    await resumed;
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(ann.session?.sessionId).toBe(before);
    await setTimeout(2_000);
    expect(told(bob, "ann")).toEqual(["user_joined"]);
  });
});

describe("an outage that is shorter than the grace", () => {
  const CLIENTS = 10;

  test.each([
    ["cuts all connections and refuses new ones", (network: TcpProxy) => network.cut()],
    ["drops all packets, also those of new connections", (network: TcpProxy) => network.silence()],
  ])("%s: all clients keep their sessions", async (_what, begin) => {
    const service = await startService({ RESUME_GRACE_MS: String(GRACE_MS) });
    const network = await networkTo(service);
    const pages = Array.from({ length: CLIENTS }, () => new NodePage());
    const clients = pages.map((page, index) => connect(`http://127.0.0.1:${network.port}`, `user-${index}`, page));
    await Promise.all(clients.map((client) => client.join("daily")));
    const sessions = clients.map(({ session }) => session?.sessionId);
    const resumed = clients.map((client) => back(client, "resumed"));
    begin(network);
    for (const page of pages) page.signal({ kind: "offline" });
    await setTimeout(OUTAGE_MS);
    network.heal();
    await Promise.all(resumed);
    expect(clients.map(({ session }) => session?.sessionId)).toEqual(sessions);
    expect(service.app.rooms.find("daily")?.members.size).toBe(CLIENTS);
  });
});
