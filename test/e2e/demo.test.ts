import { describe, expect, test } from "vitest";
import { until } from "../support/until.js";
import { noStageReason } from "./browsers.js";
import { onStage, openStage } from "./stage.js";

const QUIET = { mic: "0", camera: "0" };

describe.skipIf(noStageReason)("the demo page", () => {
  test(onStage("says that I am offline, keeps the others as last known, and comes back"), async () => {
    const stage = await openStage({ SFU_WORKERS: "0", RESUME_GRACE_MS: "3000" });
    const ada = await stage.enter("Ada", "daily", { settings: QUIET });
    const bob = await stage.enter("Bob", "daily", { settings: QUIET });
    await until(async () => (await bob.roster()).length === 2);
    const before = await bob.sessionId();
    const { page } = bob;
    await page.locator("[data-testid=ghost-panel] summary").click();
    await page.getByTestId("cut-button").click();
    await page.getByTestId("banner").getByText("You are offline.").waitFor();
    const entry = page.locator("[data-testid=roster-entry]:not([data-own])");
    expect(await entry.getByTestId("freshness").innerText()).toBe("last known: present");
    expect(await page.locator("[data-testid=tile]:not([data-own])").innerText()).toContain("Last known");
    const ageMs = await entry.getAttribute("data-age-ms");
    expect(await ada.leaving(before)).toEqual({ reason: "disconnected", awayBefore: true });
    expect(await entry.getAttribute("data-age-ms")).toBe(ageMs);

    await page.getByTestId("cut-button").click();
    await until(async () => (await ada.roster()).length === 2);
    await page.locator("[data-testid=roster]:not([data-stale])").waitFor();
    expect(await page.locator("[data-testid=tile]:not([data-own])").innerText()).not.toContain("Last known");
  });

  test(
    onStage("lets its tab crash: no goodbye comes, the others see it, and the way back leads into the room"),
    async () => {
      const stage = await openStage({ SFU_WORKERS: "0", RELOAD_GRACE_MS: "2000" });
      const ada = await stage.enter("Ada", "daily", { settings: QUIET });
      const bob = await stage.enter("Bob", "daily", { settings: QUIET });
      const sessionId = await bob.sessionId();
      await bob.page.locator("[data-testid=ghost-panel] summary").click();
      await bob.page.getByTestId("crash-button").click();
      await bob.page.getByTestId("crashed-page").waitFor();
      expect(await ada.leaving(sessionId)).toMatchObject({ reason: "disconnected" });
      const ended = (await (await stage.service.get(`/api/sessions/${sessionId}`)).json()) as object;
      expect(ended).toMatchObject({ state: "ended", evidence: { goodbyeAt: null, socket: "closed" } });
      await bob.page.getByTestId("back-link").click();
      await bob.joined();
      await until(async () => (await ada.roster()).length === 2);
    },
  );

  test(onStage("copies a link that leads into the room"), async () => {
    const stage = await openStage({ SFU_WORKERS: "0" });
    const { page } = await stage.enter("Ada", "Team standup", { settings: QUIET });
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.getByTestId("invite-button").click();
    await page.getByText("The link is copied.").waitFor({ state: "attached" });
    const link = await page.evaluate(() => navigator.clipboard.readText());
    // A tab of its own: it has no session that it could resume.
    const invited = await page.context().newPage();
    await invited.goto(link);
    await invited.getByTestId("lobby").waitFor();
    expect(await invited.getByTestId("room-input").inputValue()).toBe("Team standup");
  });

  test(onStage("shows sixty people, page by page, with names of every script, also on a phone"), async () => {
    const stage = await openStage({ SFU_WORKERS: "0" });
    const family = "👩‍👩‍👧‍👦 Ünal";
    const { page } = await stage.enter("Ada", "daily", { settings: QUIET });
    await stage.service
      .hello("moshe", { user: { id: "moshe", name: "משה כהן" } })
      .then((client) => client.request("join", { roomId: "daily" }));
    await stage.service
      .hello("family", { user: { id: "family", name: family } })
      .then((client) => client.request("join", { roomId: "daily" }));
    for (let n = 3; n < 60; n += 1) await stage.service.join(`user-${n}`, "daily");
    await page.getByRole("heading", { name: "People (60)" }).waitFor();
    const tiles = page.getByTestId("tile");
    const avatar = (user: string) => page.locator(`[data-testid=tile][data-user-id=${user}] .avatar`).innerText();
    expect(await avatar("family")).toBe("👩‍👩‍👧‍👦Ü");
    expect(await avatar("moshe")).toBe("מכ");
    for (const viewport of [
      { width: 1400, height: 800 },
      { width: 390, height: 760 },
    ]) {
      await page.setViewportSize(viewport);
      await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
      const perPage = await tiles.count();
      const { width = 0 } = (await tiles.first().boundingBox()) ?? {};
      expect(width).toBeGreaterThanOrEqual(viewport.width < 400 ? 150 : 200);
      await until(async () => (await page.getByTestId("stage-page").innerText()) === `1–${perPage} of 60`);
      let seen = perPage;
      while (await page.getByTestId("stage-next").isEnabled()) {
        await page.getByTestId("stage-next").click();
        seen += await tiles.count();
      }
      expect(seen).toBe(60);
      expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
      while (await page.getByTestId("stage-back").isEnabled()) await page.getByTestId("stage-back").click();
    }
  });

  test(onStage("lists the microphones, and another one goes into the same producer"), async () => {
    const stage = await openStage();
    const { page } = await stage.enter("Ada", "daily", { settings: { camera: "0" } });
    const mic = () =>
      page.evaluate(() => {
        const publication = window.lastseen?.media.publications.find(({ source }) => source === "mic");
        const producer = window.lastseen?.client.self?.producers[0]?.id;
        return { deviceId: publication?.track.getSettings().deviceId, producer };
      });
    await until(async () => (await mic()).producer !== undefined);
    const before = await mic();
    await page.getByTestId("devices-button").click();
    const options = page.getByTestId("mic-select").locator("option");
    await until(async () => (await options.count()) > 1);
    const ids = await options.evaluateAll((all) => all.map((option) => (option as HTMLOptionElement).value));
    const other = ids.find((id) => id !== before.deviceId && id !== "") ?? "";
    await page.getByTestId("mic-select").selectOption(other);
    await until(async () => (await mic()).deviceId === other);
    expect((await mic()).producer).toBe(before.producer);
  });
});
