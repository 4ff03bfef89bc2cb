/** The back/forward cache of a real browser: the page leaves with it and comes back as one participant. */
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { until } from "../support/until.js";
import { noStageReason } from "./browsers.js";
import type { Person } from "./person.js";
import { onStage, openStage } from "./stage.js";

declare global {
  interface Window {
    /** Whether the page came out of the cache, for each time that it was shown. */
    shown?: boolean[];
  }
}

/** Runs in the page before the page's own code. */
function watchCache(): void {
  const shown: boolean[] = [];
  window.shown = shown;
  window.addEventListener("pageshow", ({ persisted }) => shown.push(persisted));
}

/** Opens another page of the same site in the tab. */
async function goAway({ page }: Person): Promise<void> {
  await page.goto(new URL("icon.svg", page.url()).href);
}

/** The browser's back button. Fails when the page does not come out of the cache, and says why the browser threw it away. */
async function goBack({ page }: Person): Promise<void> {
  // Playwright waits for a load, which a page out of the cache does not have.
  await page.evaluate(() => void setTimeout(() => history.back()));
  await until(() => page.url().includes("autojoin"));
  await page.waitForFunction(() => window.shown !== undefined && window.shown.length > 0);
  expect(await page.evaluate(() => window.shown?.at(-1)), await whyNotCached(page)).toBe(true);
}

function whyNotCached(page: Page): Promise<string> {
  return page.evaluate(() => {
    const [entry] = performance.getEntriesByType("navigation");
    const { notRestoredReasons } = entry as PerformanceEntry & { notRestoredReasons?: unknown };
    return `not restored: ${JSON.stringify(notRestoredReasons)}`;
  });
}

const connected = ({ page }: Person): Promise<unknown> =>
  page.waitForFunction(() => window.lastseen?.client.state === "connected" && window.lastseen.client.room);

async function names(person: Person): Promise<string[]> {
  return (await person.roster()).map(({ name }) => name).toSorted();
}

/** The browser caches no page that has a track of its own. */
const LISTENS = { mic: "0", camera: "0" };

describe.skipIf(noStageReason)("a page in the back/forward cache", () => {
  test(onStage("back after 2 s: the same session, the others saw her away, and hear and see each other"), async () => {
    const stage = await openStage();
    const eve = await stage.enter("Eve", "daily");
    const ada = await stage.enter("Ada", "daily", { first: watchCache, settings: LISTENS });
    const sessionId = await ada.sessionId();
    await ada.hearsAndSees();
    await goAway(ada);
    await until(async () => (await eve.heardAbout(sessionId)).includes("user_away"));
    await ada.page.waitForTimeout(1_000);
    await goBack(ada);
    await connected(ada);
    expect(await ada.sessionId()).toBe(sessionId);
    await until(async () => (await eve.heardAbout(sessionId)).includes("user_back"));
    expect(await eve.heardAbout(sessionId)).toEqual(["user_joined", "user_away", "user_back"]);
    expect(await names(eve)).toEqual(["Ada", "Eve"]);
    await ada.hearsAndSees();
  });

  test(onStage("back after 9 s: gone meanwhile, and one participant again, as a new session"), async () => {
    const stage = await openStage();
    const eve = await stage.enter("Eve", "daily");
    const ada = await stage.enter("Ada", "daily", { first: watchCache, settings: LISTENS });
    const sessionId = await ada.sessionId();
    await goAway(ada);
    const left = performance.now();
    expect(await eve.leaving(sessionId)).toMatchObject({ reason: "disconnected", awayBefore: true });
    await ada.page.waitForTimeout(9_000 - (performance.now() - left));
    await goBack(ada);
    await connected(ada);
    expect(await ada.sessionId()).not.toBe(sessionId);
    await until(async () => (await names(eve)).length === 2);
    await ada.hearsAndSees();
  });

  test(onStage("another meeting in the same tab in between: nobody is anywhere twice"), async () => {
    const stage = await openStage({ RELOAD_GRACE_MS: "20000" });
    const eve = await stage.enter("Eve", "daily");
    const ada = await stage.enter("Ada", "daily", { first: watchCache, settings: LISTENS });
    const link = new URL(ada.page.url());
    link.searchParams.set("room", "weekly");
    await ada.page.goto(link.href);
    await ada.joined();
    await until(async () => (await names(eve)).length === 1);
    await goBack(ada);
    await connected(ada);
    await until(async () => (await names(eve)).length === 2);
    await until(() => stage.service.app.rooms.find("weekly") === undefined);
    expect([...stage.service.app.registry.all()].map(({ name }) => name).toSorted()).toEqual(["Ada", "Eve"]);
  });
});
