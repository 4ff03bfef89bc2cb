/** Somebody with WebKitGTK, whose page has no media, in a room with somebody with Chromium. */
import { describe, expect, test } from "vitest";
import { until } from "../support/until.js";
import { openStage } from "./stage.js";
import { inWebkit, noWebkitReason, WebKitPerson } from "./webkit.js";

/** Gives a page the time to come back, even when a busy machine loads it slowly. */
const UNHURRIED = { RELOAD_GRACE_MS: "20000" };
const WITHOUT_MEDIA = { mic: "0", camera: "0" };

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

  test(inWebkit("the page's process is killed: the others see it away, and then gone"), async () => {
    const stage = await openStage();
    const eve = await stage.enter("Eve", "daily", { settings: WITHOUT_MEDIA });
    const ada = await WebKitPerson.enter("Ada", stage.url("Ada", "daily", WITHOUT_MEDIA));
    const sessionId = await ada.sessionId();
    ada.browser.killPage();
    expect(await eve.leaving(sessionId)).toEqual({ reason: "disconnected", awayBefore: true });
    const found = stage.service.log.find((line) => line.msg === "ghost found" && line["sessionId"] === sessionId);
    expect(found?.["reason"]).toBe("page_closed");
  });
});
