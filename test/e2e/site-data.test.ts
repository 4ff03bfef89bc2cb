/** Somebody with Chromium whose user blocks site data. test/e2e/firefox-call.test.ts does the same in Firefox. */
import { describe, expect, test } from "vitest";
import { until } from "../support/until.js";
import { noStageReason, openWithoutSiteData } from "./browsers.js";
import { Person } from "./person.js";
import { onStage, openStage } from "./stage.js";

describe.skipIf(noStageReason)("a page whose user blocks site data", () => {
  test(onStage("is in the call, is a new session after a reload, and says goodbye when it goes"), async () => {
    const stage = await openStage();
    const eve = await stage.enter("Eve", "daily");
    const page = await openWithoutSiteData();
    await page.goto(stage.url("Ada", "daily"));
    const storage = await page.evaluate(() => {
      try {
        return typeof sessionStorage;
      } catch (error) {
        return (error as Error).name;
      }
    });
    expect(storage).toBe("SecurityError");
    const inside = new Person("Ada", page.context().browser() ?? eve.browser, page);
    await inside.joined();
    await Promise.all([eve.hearsAndSees(), inside.hearsAndSees()]);
    const first = await inside.sessionId();
    await page.reload();
    await inside.joined();
    const second = await inside.sessionId();
    expect(second).not.toBe(first);
    expect(await eve.leaving(first)).toMatchObject({ reason: "disconnected", awayBefore: true });
    await Promise.all([eve.hearsAndSees(), inside.hearsAndSees()]);

    await page.close();
    expect(await eve.leaving(second)).toMatchObject({ reason: "disconnected", awayBefore: true });
    await until(async () => (await eve.roster()).length === 1);
  });
});
