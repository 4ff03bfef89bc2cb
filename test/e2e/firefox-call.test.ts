/** Somebody with Firefox in a call with somebody with Chromium. */
import { describe, expect, test } from "vitest";
import { until } from "../support/until.js";
import { FirefoxPerson, inFirefox, noFirefoxReason } from "./firefox.js";
import { openStage } from "./stage.js";

/** Gives a page the time to come back, even when a busy machine loads it slowly. */
const UNHURRIED = { RELOAD_GRACE_MS: "20000" };
const WITHOUT_MEDIA = { mic: "0", camera: "0" };
/** The browser refuses storage, channels between tabs and locks: with an error when the page uses them. */
const BLOCKS_SITE_DATA = { "network.cookie.cookieBehavior": 2 };
const WITHOUT_BEACONS = { "beacon.enabled": false };

describe.skipIf(noFirefoxReason)("Firefox", () => {
  test(inFirefox("she and somebody with Chromium hear and see each other, also after a reload"), async () => {
    const stage = await openStage(UNHURRIED);
    const eve = await stage.enter("Eve", "daily");
    const ada = await FirefoxPerson.enter("Ada", stage.url("Ada", "daily"));
    await Promise.all([eve.hearsAndSees(), ada.hearsAndSees()]);
    const sessionId = await ada.sessionId();
    await ada.page.reload();
    await ada.joined();
    expect(await ada.sessionId()).toBe(sessionId);
    await Promise.all([eve.hearsAndSees(), ada.hearsAndSees()]);
    const heard = await eve.heardAbout(sessionId);
    expect(heard.filter((event) => event === "user_left" || event === "user_joined")).toEqual(["user_joined"]);
  });

  test(inFirefox("she goes to another page and back with the browser's button: one participant"), async () => {
    const stage = await openStage(UNHURRIED);
    const eve = await stage.enter("Eve", "daily", { settings: WITHOUT_MEDIA });
    const ada = await FirefoxPerson.enter("Ada", stage.url("Ada", "daily", WITHOUT_MEDIA));
    const sessionId = await ada.sessionId();
    await ada.page.goto(new URL("icon.svg", ada.page.url()).href);
    await until(async () => (await eve.heardAbout(sessionId)).includes("user_away"));
    await ada.page.goBack();
    await ada.joined();
    await until(async () => (await eve.heardAbout(sessionId)).includes("user_back"));
    expect(await ada.sessionId()).toBe(sessionId);
    expect(await eve.heardAbout(sessionId)).toEqual(["user_joined", "user_away", "user_back"]);
    expect((await eve.roster()).map(({ name }) => name).toSorted()).toEqual(["Ada", "Eve"]);
  });

  test(
    inFirefox("she blocks site data and beacons: she is in the call, and says goodbye when she goes to another page"),
    async () => {
      const stage = await openStage();
      const eve = await stage.enter("Eve", "daily");
      const prefs = { ...BLOCKS_SITE_DATA, ...WITHOUT_BEACONS };
      const ada = await FirefoxPerson.enterAlone("Ada", stage.url("Ada", "daily"), prefs);
      await Promise.all([eve.hearsAndSees(), ada.hearsAndSees()]);
      const sessionId = await ada.sessionId();
      // Without beacons, Firefox does not always send the goodbye of a tab that is closed.
      await ada.page.goto(new URL("icon.svg", ada.page.url()).href);
      expect(await eve.leaving(sessionId)).toMatchObject({ reason: "disconnected", awayBefore: true });
      const found = stage.service.log.find((line) => line.msg === "ghost found" && line["sessionId"] === sessionId);
      expect(found).toMatchObject({ evidence: { saidGoodbye: true } });
    },
  );
});
