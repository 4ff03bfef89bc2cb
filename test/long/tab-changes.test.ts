/** The bounds that docs/sdk.md names, over many changes: what a third person misses when somebody goes on in another tab. */
import { expect, test } from "vitest";
import { noStageReason } from "../e2e/browsers.js";
import { longestGaps, watchGaps } from "../e2e/gaps.js";
import { onStage, openStage } from "../e2e/stage.js";

const CHANGES = 20;

test.skipIf(noStageReason)(
  onStage(`${CHANGES} changes of tabs: at most 200 ms without sound, and 500 ms with a still picture`),
  async () => {
    const stage = await openStage();
    const eve = await stage.enter("Eve", "daily", { settings: { camera: "0" } });
    const first = await stage.enter("Ada", "daily");
    await eve.hearsAndSees();
    await watchGaps(eve);
    await eve.page.waitForTimeout(5_000);
    const quiet = await longestGaps(eve);
    const seen = [];
    let [owner, other] = [await first.openTab(), first];
    for (let change = 1; ; change++) {
      await other.page.getByTestId("switched-page").waitFor();
      await eve.hearsAndSees();
      seen.push(await longestGaps(eve));
      if (change === CHANGES) break;
      await other.page.bringToFront();
      await other.page.getByTestId("use-here-button").click();
      await other.joined();
      [owner, other] = [other, owner];
    }
    expect(await owner.joined()).toBeUndefined();
    const worst = {
      sound: Math.max(...seen.map(({ sound }) => sound)),
      picture: Math.max(...seen.map(({ picture }) => picture)),
    };
    const figures = JSON.stringify({ quiet, worst, seen });
    process.stdout.write(`tab changes: ${figures}\n`);
    expect(worst.sound, figures).toBeLessThanOrEqual(200);
    expect(worst.picture, figures).toBeLessThanOrEqual(500);
  },
  300_000,
);
