import { test } from "vitest";
import { noStageReason } from "../e2e/browsers.js";
import { onStage, openStage } from "../e2e/stage.js";
import { until } from "../support/until.js";

test.skipIf(noStageReason)(
  onStage("a network that is silent for 60 s with the settings of production: in the call again by itself"),
  async () => {
    const stage = await openStage();
    const network = await stage.network();
    const eve = await stage.enter("Eve", "daily");
    const ada = await stage.enter("Ada", "daily", { via: network });
    await Promise.all([eve.hearsAndSees(), ada.hearsAndSees()]);
    network.silence();
    await eve.page.waitForTimeout(60_000);
    network.resetAll();
    network.heal();
    const states = async () => (await eve.roster()).map(({ name, state }) => `${name} ${state}`).toSorted();
    await until(async () => String(await states()) === "Ada present,Eve present", 40_000);
    await Promise.all([eve.hearsAndSees(), ada.hearsAndSees()]);
  },
);
