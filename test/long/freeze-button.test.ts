/** The freeze button of the demo page in Chromium and in Firefox at the same time, for its 40 s. */
import { describe, test } from "vitest";
import { comesBack, isGone } from "../e2e/freeze.js";
import { FirefoxPerson, inFirefox, noFirefoxReason } from "../e2e/firefox.js";
import { openStage, type Stage } from "../e2e/stage.js";

const WITHOUT_MEDIA = { mic: "0", camera: "0" };

async function threeIn(stage: Stage) {
  const eve = await stage.enter("Eve", "daily", { settings: WITHOUT_MEDIA });
  const bob = await stage.enter("Bob", "daily", { settings: WITHOUT_MEDIA });
  const cid = await FirefoxPerson.enter("Cid", stage.url("Cid", "daily", WITHOUT_MEDIA));
  return { eve, bob, cid };
}

describe.skipIf(noFirefoxReason)("the freeze button", () => {
  test(inFirefox("with the deadlines of production: away, and back as the same participant"), async () => {
    const { eve, bob, cid } = await threeIn(await openStage({ SFU_WORKERS: "0" }));
    await Promise.all([comesBack(eve, bob), comesBack(eve, cid)]);
  });

  test(
    inFirefox("with an idle timeout that is shorter than the freeze: away, gone, and there once again"),
    async () => {
      const stage = await openStage({
        SFU_WORKERS: "0",
        HEARTBEAT_INTERVAL_MS: "10000",
        IDLE_TIMEOUT_MS: "25000",
        AWAY_AFTER_MS: "25000",
        SWEEP_INTERVAL_MS: "1000",
      });
      const { eve, bob, cid } = await threeIn(stage);
      await Promise.all([isGone(stage, eve, bob), isGone(stage, eve, cid)]);
    },
  );
});
