import { describe, expect, test } from "vitest";
import { noStageReason } from "./browsers.js";
import type { Person } from "./person.js";
import { onStage, openStage } from "./stage.js";

/** The page's own script takes this much longer than the service waits for a reload. */
const GRACE_MS = 1_500;
const LOADS_MS = 4_000;

async function reloadSlowly({ page }: Person): Promise<void> {
  await page.route("**/main.js", async (route) => {
    await page.waitForTimeout(LOADS_MS);
    await route.continue();
  });
  await page.reload();
}

describe.skipIf(noStageReason)("a reload that takes longer than the service waits for it", () => {
  test(onStage("is held by the early script: the same session, and nobody left"), async () => {
    const stage = await openStage({ RELOAD_GRACE_MS: String(GRACE_MS) });
    const eve = await stage.enter("Eve", "daily");
    const ada = await stage.enter("Ada", "daily");
    const sessionId = await ada.sessionId();
    await reloadSlowly(ada);
    await ada.joined();
    expect(await ada.sessionId()).toBe(sessionId);
    expect(await eve.heardAbout(sessionId)).toEqual(["user_joined", "user_away", "user_back"]);
    await Promise.all([eve.hearsAndSees(), ada.hearsAndSees()]);
  });

  test(onStage("ends the session when the page has no early script, and begins another one"), async () => {
    const stage = await openStage({ RELOAD_GRACE_MS: String(GRACE_MS) });
    const eve = await stage.enter("Eve", "daily");
    const ada = await stage.enter("Ada", "daily");
    const sessionId = await ada.sessionId();
    await ada.page.route("**/early.js", (route) => route.abort());
    await reloadSlowly(ada);
    expect(await eve.leaving(sessionId)).toMatchObject({ reason: "disconnected" });
    await ada.joined();
    expect(await ada.sessionId()).not.toBe(sessionId);
  });
});
