/** Somebody with WebKitGTK, whose page has no media, in a room with somebody with Chromium. */
import { describe, expect, test } from "vitest";
import { until } from "../support/until.js";
import { openStage } from "./stage.js";
import { inWebkit, noWebkitReason, WebKitPerson } from "./webkit.js";

/** Gives a page the time to come back, even when a busy machine loads it slowly. */
const UNHURRIED = { RELOAD_GRACE_MS: "20000" };
const WITHOUT_MEDIA = { mic: "0", camera: "0" };

interface Way {
  how: string;
  go: (person: WebKitPerson) => unknown;
  /** What the service may conclude. */
  causes: readonly string[];
  closeCodes: readonly number[];
}

const WAYS: readonly Way[] = [
  {
    how: "closes the tab",
    go: ({ browser }) => browser.closePage(),
    causes: ["goodbye", "page_closed"],
    closeCodes: [1001],
  },
  {
    how: "page's process is killed",
    go: ({ browser }) => browser.signalPage("SIGKILL"),
    causes: ["page_closed"],
    closeCodes: [1006],
  },
  {
    // The page's own process ends last. Sometimes it still closes the page in order, and says goodbye.
    how: "browser is killed",
    go: ({ browser }) => browser.kill(),
    causes: ["goodbye", "page_closed", "connection_lost"],
    closeCodes: [1001, 1006],
  },
];

/** The rules of production, about ten times as fast. */
const QUICK = {
  HEARTBEAT_INTERVAL_MS: "1000",
  PROBE_INTERVAL_MS: "1000",
  AWAY_AFTER_MS: "4000",
  IDLE_TIMEOUT_MS: "20000",
  SWEEP_INTERVAL_MS: "500",
};
const HANGS_MS = 10_000;

/** Runs in the page, after the driver has its answer. */
function hangSoon(ms: string): void {
  setTimeout(() => {
    const end = Date.now() + Number(ms);
    while (Date.now() < end);
  });
}

describe.skipIf(noWebkitReason)("WebKitGTK", () => {
  test(
    inWebkit("a reload is the same session, and a page that comes back by the button is one participant"),
    async () => {
      const stage = await openStage(UNHURRIED);
      const eve = await stage.enter("Eve", "daily", { settings: WITHOUT_MEDIA });
      const url = stage.url("Ada", "daily", WITHOUT_MEDIA);
      const ada = await WebKitPerson.enter("Ada", url);
      const sessionId = await ada.sessionId();
      await ada.browser.reload();
      await ada.joined();
      expect(await ada.sessionId()).toBe(sessionId);
      await ada.browser.goto(new URL("icon.svg", url).href);
      await until(async () => (await eve.heardAbout(sessionId)).includes("user_away"));
      await ada.browser.back();
      await ada.joined();
      await until(async () => (await eve.heardAbout(sessionId)).at(-1) === "user_back");
      expect(await ada.sessionId()).toBe(sessionId);
      expect((await eve.heardAbout(sessionId)).filter((event) => event === "user_left")).toEqual([]);
      expect((await eve.roster()).map(({ name }) => name).toSorted()).toEqual(["Ada", "Eve"]);
    },
  );

  test(inWebkit("the others see it away, and then gone, when she goes in one of these ways"), async () => {
    const stage = await openStage();
    const eve = await stage.enter("Eve", "daily", { settings: WITHOUT_MEDIA });
    for (const { how, go, causes, closeCodes } of WAYS) {
      const ada = await WebKitPerson.enter(how, stage.url(how, "daily", WITHOUT_MEDIA));
      const sessionId = await ada.sessionId();
      await go(ada);
      expect(await eve.leaving(sessionId), how).toEqual({ reason: "disconnected", awayBefore: true });
      const about = (msg: string) =>
        stage.service.log.find((line) => line.msg === msg && line["sessionId"] === sessionId);
      expect(causes, how).toContain(about("ghost found")?.["reason"]);
      expect(closeCodes, how).toContain(about("socket ended")?.["closeCode"]);
    }
  });

  test(
    inWebkit("the page's process is stopped, or its script hangs: away, back when it goes on, and else gone"),
    async () => {
      const stage = await openStage(QUICK);
      const eve = await stage.enter("Eve", "daily", { settings: WITHOUT_MEDIA });
      const enter = (name: string) => WebKitPerson.enter(name, stage.url(name, "daily", WITHOUT_MEDIA));
      const [stopped, hangs] = await Promise.all([enter("Stopped"), enter("Hangs")]);
      const [stoppedId, hangsId] = await Promise.all([stopped.sessionId(), hangs.sessionId()]);
      const about = async (sessionId: string) =>
        (await eve.heardAbout(sessionId)).filter((event) => event !== "user_joined");

      stopped.browser.signalPage("SIGSTOP");
      await hangs.browser.evaluate(hangSoon, String(HANGS_MS));
      await until(async () => (await about(stoppedId)).length > 0 && (await about(hangsId)).length > 0);
      stopped.browser.signalPage("SIGCONT");
      for (const id of [stoppedId, hangsId]) {
        await until(async () => (await about(id)).length > 1);
        expect(await about(id)).toEqual(["user_away", "user_back"]);
      }
      expect([await stopped.sessionId(), await hangs.sessionId()]).toEqual([stoppedId, hangsId]);

      // Nobody closes the socket of a page that stands still: another process of the browser holds it.
      stopped.browser.signalPage("SIGSTOP");
      expect(await eve.leaving(stoppedId)).toEqual({ reason: "idle", awayBefore: true });
      const found = stage.service.log.find((line) => line.msg === "ghost found" && line["sessionId"] === stoppedId);
      expect(found).toMatchObject({ reason: "silent", evidence: { socket: "open" } });
    },
  );
});
