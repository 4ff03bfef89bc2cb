import type { Transport, WebRtcTransport } from "mediasoup/types";
import { describe, expect, test } from "vitest";
import { until } from "../support/until.js";
import { openRouters, workersHold } from "../support/worker-dump.js";
import { countWhatIsHeld, pageListeners, whatIsHeld } from "./held.js";
import { noStageReason } from "./browsers.js";
import { onStage, openStage } from "./stage.js";

/** Gives a page the time to come back, even when a busy machine loads it slowly. */
const UNHURRIED = { RELOAD_GRACE_MS: "20000" };
/** The same rules, about ten times as fast, where a test only waits. */
const QUICK = { HEARTBEAT_INTERVAL_MS: "1000", SOCKET_PING_INTERVAL_MS: "2000" };

describe.skipIf(noStageReason)("a page's life", () => {
  test(onStage("a reload is the same session; the others see her away at most"), async () => {
    const stage = await openStage(UNHURRIED);
    const eve = await stage.enter("Eve", "daily");
    const ada = await stage.enter("Ada", "daily");
    await Promise.all([eve.hearsAndSees(), ada.hearsAndSees()]);
    const sessionId = await ada.sessionId();
    await ada.page.reload();
    await ada.joined();
    expect(await ada.sessionId()).toBe(sessionId);
    await Promise.all([eve.hearsAndSees(), ada.hearsAndSees()]);
    const heard = await eve.heardAbout(sessionId);
    expect(heard.filter((event) => event === "user_left" || event === "user_joined")).toEqual(["user_joined"]);
    await workersHold({ transports: 4, producers: 4, consumers: 4 });
  });

  test(onStage("a link to another room in the tab of a meeting leads there, and a reload stays there"), async () => {
    const stage = await openStage(UNHURRIED);
    const eve = await stage.enter("Eve", "weekly");
    const ada = await stage.enter("Ada", "daily");
    const link = new URL(ada.page.url());
    link.searchParams.set("room", "weekly");
    await ada.page.goto(link.href);
    await eve.hearsAndSees();
    await ada.page.reload();
    await ada.joined();
    await until(() => stage.service.app.rooms.find("daily") === undefined);
    expect((await eve.roster()).map(({ name }) => name).toSorted()).toEqual(["Ada", "Eve"]);

    link.searchParams.delete("autojoin");
    link.searchParams.set("room", "monthly");
    await ada.page.goto(link.href);
    expect(await ada.page.getByTestId("room-input").inputValue()).toBe("monthly");
    await ada.page.getByTestId("room-input").fill("yearly");
    await ada.page.getByTestId("join-button").click();
    await ada.joined();
    await ada.page.reload();
    await ada.joined();
    expect(stage.service.app.rooms.find("yearly")).toBeDefined();
  });

  test(onStage("a tab that was closed and is opened again is a new session once the old one is gone"), async () => {
    const stage = await openStage({ RELOAD_GRACE_MS: "1500" });
    const eve = await stage.enter("Eve", "daily");
    const ada = await stage.enter("Ada", "daily");
    const sessionId = await ada.sessionId();
    const context = ada.page.context();
    const url = ada.page.url();
    await ada.page.close();
    expect(await eve.leaving(sessionId)).toMatchObject({ reason: "disconnected" });
    const page = await context.newPage();
    await page.goto(url);
    await until(async () => (await eve.roster()).length === 2);
    await eve.hearsAndSees();
  });

  test(onStage("a tab that is opened again at once takes over its own place: nobody is there twice"), async () => {
    const stage = await openStage(UNHURRIED);
    const eve = await stage.enter("Eve", "daily");
    const ada = await stage.enter("Ada", "daily", { ownBrowser: true });
    const sessionId = await ada.sessionId();
    const context = ada.page.context();
    const url = ada.page.url();
    await ada.signalRenderers("SIGKILL");
    await until(async () => (await eve.heardAbout(sessionId)).includes("user_away"));
    const page = await context.newPage();
    await page.goto(url);
    await until(async () => (await eve.heardAbout(sessionId)).includes("user_back"));
    expect(await eve.heardAbout(sessionId)).toEqual(["user_joined", "user_away", "user_back"]);
    expect((await eve.roster()).map(({ name }) => name).toSorted()).toEqual(["Ada", "Eve"]);
    await eve.hearsAndSees();
  });

  test(onStage("a network that is silent for 5 s: nobody leaves"), async () => {
    const stage = await openStage();
    const network = await stage.network();
    const eve = await stage.enter("Eve", "daily");
    const ada = await stage.enter("Ada", "daily", { via: network });
    const sessionId = await ada.sessionId();
    network.silence();
    await stage.service.app.sweeper.sweep();
    await eve.page.waitForTimeout(5_000);
    network.heal();
    await ada.page.evaluate(() => window.lastseen?.client.request("getRoom", {}));
    expect(await eve.heardAbout(sessionId)).toEqual(["user_joined"]);
    await Promise.all([eve.hearsAndSees(), ada.hearsAndSees()]);
  });

  test(
    onStage("a network that is silent for longer than the grace: gone, and back as a new session by itself"),
    async () => {
      const stage = await openStage({ ...QUICK, RESUME_GRACE_MS: "3000" });
      const network = await stage.network();
      const eve = await stage.enter("Eve", "daily");
      const ada = await stage.enter("Ada", "daily", { via: network });
      const sessionId = await ada.sessionId();
      network.silence();
      expect(await eve.leaving(sessionId)).toMatchObject({ reason: "disconnected", awayBefore: true });
      network.resetAll();
      network.heal();
      await until(async () => (await eve.roster()).length === 2);
      await Promise.all([eve.hearsAndSees(), ada.hearsAndSees()]);
      expect(await ada.sessionId()).not.toBe(sessionId);
    },
  );

  test(onStage("a socket that breaks again and again: the same session, and the media goes on"), async () => {
    const stage = await openStage();
    const network = await stage.network();
    const eve = await stage.enter("Eve", "daily");
    const ada = await stage.enter("Ada", "daily", { via: network });
    await Promise.all([eve.hearsAndSees(), ada.hearsAndSees()]);
    const sessionId = await ada.sessionId();
    const before = stage.service.app.registry.get(sessionId);
    for (let breaks = 0; breaks < 3; breaks++) {
      const { epoch } = before;
      network.resetAll();
      await until(async () => before.epoch > epoch && (await ada.epoch()) === before.epoch);
    }
    // The answer to hello, which carries a new token, does not arrive either.
    network.loseFirstWords(3);
    await until(async () => network.losing === 0 && (await ada.epoch()) === before.epoch);
    expect(await ada.sessionId()).toBe(sessionId);
    expect(stage.service.log.filter(({ msg }) => msg === "resume refused")).toEqual([]);
    expect((await eve.heardAbout(sessionId)).filter((event) => event === "user_left")).toEqual([]);
    await workersHold({ transports: 4, producers: 4, consumers: 4 });
    await Promise.all([eve.hearsAndSees(), ada.hearsAndSees()]);
  });

  test(
    onStage("the connection breaks whenever she publishes something: each track is there once, and flows"),
    async () => {
      const stage = await openStage();
      const network = await stage.network();
      const eve = await stage.enter("Eve", "daily");
      const broken: string[] = [];
      const { registry, media } = stage.service.app;
      media.on("producer_opened", ({ sessionId, producer: { source = "" } }) => {
        if (broken.includes(source) || registry.find(sessionId)?.name !== "Ada") return;
        broken.push(source);
        // The answer has not been sent yet.
        network.resetAll();
      });
      const ada = await stage.enter("Ada", "daily", { via: network });
      await Promise.all([eve.hearsAndSees(), ada.hearsAndSees()]);
      expect(broken.toSorted()).toEqual(["camera", "mic"]);
      await workersHold({ transports: 4, producers: 4, consumers: 4 });
    },
  );

  test(
    onStage("the connection breaks whenever she connects a transport: the transport stays the same, and flows"),
    async () => {
      const stage = await openStage();
      const network = await stage.network();
      const eve = await stage.enter("Eve", "daily");
      const broken: string[] = [];
      await until(() => openRouters().length === 1);
      afterConnecting(({ id, appData }) => {
        if (stage.service.app.registry.find(String(appData["sessionId"]))?.name !== "Ada") return;
        broken.push(id);
        // The answer has not been sent yet.
        network.resetAll();
      });
      const ada = await stage.enter("Ada", "daily", { via: network });
      await Promise.all([eve.hearsAndSees(), ada.hearsAndSees()]);
      expect(new Set(broken).size).toBe(2);
      await workersHold({ transports: 4, producers: 4, consumers: 4 });
    },
  );

  test(onStage("she goes to another page and back with the browser's button: she is in the call again"), async () => {
    const stage = await openStage();
    const eve = await stage.enter("Eve", "daily");
    const ada = await stage.enter("Ada", "daily");
    await ada.page.goto("about:blank");
    await ada.page.goBack();
    await ada.joined();
    await Promise.all([eve.hearsAndSees(), ada.hearsAndSees()]);
    expect((await eve.roster()).map(({ name }) => name).toSorted()).toEqual(["Ada", "Eve"]);
  });

  test(onStage("a page whose timers run once a minute stays: it answers when it is asked"), async () => {
    const stage = await openStage({
      ...QUICK,
      AWAY_AFTER_MS: "6000",
      IDLE_TIMEOUT_MS: "15000",
      SWEEP_INTERVAL_MS: "2000",
    });
    const ada = await stage.enter("Ada", "daily", { first: allowSlowTimers });
    const session = stage.service.app.registry.get(await ada.sessionId());
    await ada.page.evaluate(() => (window.slowTimers = true));
    const { counters } = stage.service.app.gateway;
    const before = counters.heartbeats;
    // Each heartbeat answers a probe that comes after four seconds. Four of them take longer than the idle timeout.
    await until(() => counters.heartbeats >= before + 4);
    expect(stage.service.log.filter(({ msg, sessionId }) => msg === "away" && sessionId === session.id)).toEqual([]);
    expect(session.status).toBe("open");
    expect(session.epoch).toBe(1);
  });

  test(onStage("after leaving, the page holds no track, no peer connection, no picture, no timer"), async () => {
    const stage = await openStage();
    const eve = await stage.enter("Eve", "daily");
    const ada = await stage.enter("Ada", "daily", { first: countWhatIsHeld });
    await Promise.all([eve.hearsAndSees(), ada.hearsAndSees()]);
    expect(await whatIsHeld(ada.page)).toMatchObject({ liveTracks: 2, peerConnections: 2, sockets: 1 });
    expect((await pageListeners(ada.page)).length).toBeGreaterThan(0);
    await ada.page.getByTestId("leave-button").click();
    await ada.page.getByTestId("ended-page").waitFor();
    const nothing = { liveTracks: 0, peerConnections: 0, pictures: 0, timers: 0, sockets: 0 };
    await expect.poll(() => whatIsHeld(ada.page)).toEqual(nothing);
    await expect.poll(() => pageListeners(ada.page)).toEqual([]);
  });
});

/** Calls back when a worker has connected a new transport of the present rooms, before the service tells anybody. */
function afterConnecting(connected: (transport: WebRtcTransport) => void): void {
  const onTransport = (transport: Transport) => {
    const connect = transport.connect.bind(transport);
    transport.connect = async (options) => {
      await connect(options);
      connected(transport as WebRtcTransport);
    };
  };
  for (const router of openRouters()) router.observer.on("newtransport", onTransport);
}

declare global {
  interface Window {
    slowTimers?: boolean;
  }
}

/** Runs in the page first. After `slowTimers` is set, timers run once a minute, as in a page that was hidden for long. */
function allowSlowTimers(): void {
  const start = window.setTimeout.bind(window);
  const slowed = (run: () => void, ms = 0): number => start(run, window.slowTimers ? Math.max(ms, 60_000) : ms);
  Object.assign(window, { setTimeout: slowed });
}
