import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { startService } from "../support/service.js";
import { TcpProxy } from "../support/tcp-proxy.js";
import { ADMIN_TOKEN } from "../support/secrets.js";
import { until } from "../support/until.js";
import { faultsOf, tabStops } from "./axe.js";
import { noStageReason, openPage } from "./browsers.js";
import { onStage, openStage } from "./stage.js";

const QUIET = { mic: "0", camera: "0" };

async function expectNoFault(page: Page, state: string): Promise<void> {
  expect(await faultsOf(page), state).toEqual([]);
}

describe.skipIf(noStageReason)("people with a screen reader, a keyboard or weak eyes", () => {
  test(onStage("can use the demo page in every state and both themes"), async () => {
    const stage = await openStage({ SFU_WORKERS: "0" });
    const { page } = await openPage();
    await page.goto(stage.url("", "daily").replace("autojoin=1", ""));
    await page.getByTestId("lobby").waitFor();
    await expectNoFault(page, "lobby");

    const bob = await stage.service.join("bob", "daily");
    await bob.request("setMetadata", { metadata: { hand: true } });
    for (let n = 0; n < 30; n += 1) await stage.service.join(`user-${n}`, "daily");
    await page.getByTestId("name-input").fill("Ada");
    await page.getByTestId("name-input").press("Enter");
    await until(async () => (await page.getByTestId("roster-entry").count()) === 32);
    bob.reset();
    await page.locator("[data-testid=tile][data-state=away]").waitFor();
    await page.locator("[data-testid=ghost-panel] summary").press("Enter");
    await expectNoFault(page, "meeting");
    const stops = await tabStops(page, 30);
    for (const id of [
      "invite-button",
      "stage-next",
      "roster",
      "crash-button",
      "mic-button",
      "devices-button",
      "leave-button",
    ])
      expect(stops).toContain(id);

    await page.getByTestId("devices-button").press("Enter");
    await page.getByTestId("device-menu").waitFor();
    await expectNoFault(page, "device menu");
    await page.keyboard.press("Escape");
    await page.getByTestId("cut-button").press("Enter");
    await page.locator("[data-testid=roster][data-stale]").waitFor();
    await expectNoFault(page, "offline");
    await page.getByTestId("leave-button").press("Enter");
    await page.getByTestId("ended-page").waitFor();
    await expectNoFault(page, "end");
    await page.goto(new URL("crashed.html", page.url()).href);
    await expectNoFault(page, "crashed");
  });

  test(onStage("can use the telephone in every state and both themes"), async () => {
    const stage = await openStage({ SFU_WORKERS: "0" });
    const { page } = await openPage();
    await page.goto(stage.url("Ada", "daily", { phone: "1", user: "ada", ...QUIET }));
    await until(() => page.evaluate(() => window.lastseen?.client.state === "connected"));
    await expectNoFault(page, "no call");
    const bob = await stage.service.hello("bob");
    await bob.request("startCall", { to: "ada", kind: "audio" });
    await page.getByTestId("ringing").waitFor();
    await expectNoFault(page, "ringing");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await bob.event("call_accepted");
    await page.getByTestId("call-time").waitFor();
    await expectNoFault(page, "active");
  });

  test(onStage("can use the operator page in every state and both themes"), async () => {
    const service = await startService({ ADMIN_TOKEN, SWEEP_INTERVAL_MS: "60000" });
    const proxy = await TcpProxy.start(service.port);
    const { page } = await openPage();
    const ada = await service.join("ada", "daily");
    const bob = await service.join("bob", "daily");
    const media = service.app.registry.find(bob.hello.sessionId)?.participation?.media;
    if (!media) throw new Error("bob has no media");
    media.verifyClosed = () => Promise.reject(new Error("the worker does not answer"));
    await page.goto(`http://127.0.0.1:${proxy.port}/ops/`);
    await page.getByTestId("token").waitFor();
    await expectNoFault(page, "sign in");
    await page.getByTestId("token").fill(ADMIN_TOKEN);
    await page.keyboard.press("Enter");
    await page.getByText("✓ Nothing needs attention").waitFor();
    await page.getByTestId("last-hour").waitFor();
    await expectNoFault(page, "calm");
    const stops = await tabStops(page, 20);
    for (const id of ["clean-up", "sign-out", "filter-user", "explain", "block", "kick"]) expect(stops).toContain(id);

    await bob.request("beforeDisconnect", {});
    // The session is being cleaned up, and later its cleanup is stuck.
    await page.getByTestId("attention-title").getByText("! 1").waitFor();
    await expectNoFault(page, "trouble");
    await page.getByTestId("block").first().press("Enter");
    await page.getByTestId("ask").waitFor();
    await expectNoFault(page, "question");
    await page.keyboard.press("Escape");
    await page.getByTestId("session-id").fill("a");
    await page.getByTestId("session-id").press("Enter");
    await page.getByTestId("found").waitFor();
    await expectNoFault(page, "found");
    await page.getByTestId("found-session").first().press("Enter");
    await page.getByTestId("timeline").waitFor();
    await expectNoFault(page, "explained");
    proxy.silence();
    await page.getByText("? Nobody knows what needs attention").waitFor();
    await expectNoFault(page, "no answer");
    await proxy.close();
    expect(ada.closeCode).toBeUndefined();
  });
});
