/** The freeze button of the demo page. `test/long/freeze-button.test.ts` presses it with the times of production, in Firefox too. */
import { describe, test } from "vitest";
import { noStageReason } from "./browsers.js";
import { comesBack } from "./freeze.js";
import { onStage, openStage } from "./stage.js";
import { inWebkit, noWebkitReason, WebKitPerson } from "./webkit.js";

const WITHOUT_MEDIA = { mic: "0", camera: "0" };
/** The rules of production, about ten times as fast. */
const QUICK = {
  SFU_WORKERS: "0",
  HEARTBEAT_INTERVAL_MS: "1000",
  PROBE_INTERVAL_MS: "1000",
  AWAY_AFTER_MS: "4000",
  SWEEP_INTERVAL_MS: "500",
};

/** Runs in the page first: the page stands still for 8 s instead of 40. The client does not use this clock. */
function freezeShorter(): void {
  const now = performance.now.bind(performance);
  performance.now = () => 5 * now();
}

describe.skipIf(noStageReason)("the freeze button", () => {
  test(onStage("the others see me away, and back as the same participant when the page runs again"), async () => {
    const stage = await openStage(QUICK);
    const eve = await stage.enter("Eve", "daily", { settings: WITHOUT_MEDIA });
    const bob = await stage.enter("Bob", "daily", { first: freezeShorter, settings: WITHOUT_MEDIA });
    await comesBack(eve, bob);
  });
});

describe.skipIf(noWebkitReason)("the freeze button in WebKitGTK", () => {
  test(inWebkit("the others see me away, and back as the same participant when the page runs again"), async () => {
    const stage = await openStage(QUICK);
    const eve = await stage.enter("Eve", "daily", { settings: WITHOUT_MEDIA });
    const ada = await WebKitPerson.enter("Ada", stage.url("Ada", "daily", WITHOUT_MEDIA));
    await ada.browser.evaluate(freezeShorter);
    await comesBack(eve, ada);
  });
});
