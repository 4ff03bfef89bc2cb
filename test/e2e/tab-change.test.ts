/** Somebody goes on in another tab, and a third person hears and sees them all the time: make before break. */
import { describe, expect, test } from "vitest";
import { until } from "../support/until.js";
import { workersHold } from "../support/worker-dump.js";
import { noStageReason } from "./browsers.js";
import { longestGaps, watchGaps } from "./gaps.js";
import { Person } from "./person.js";
import { onStage, openStage, type Stage } from "./stage.js";

/** A bound that people rely on: docs/sdk.md names it. The machines of these tests are slow and busy, so it is doubled here. */
const MOST = { sound: 400, picture: 1_000 };

const switched = (person: Person) => person.page.getByTestId("switched-page").waitFor();

/** Eve, who measures, and Ada in her first tab. */
async function open(): Promise<{ stage: Stage; eve: Person; first: Person; sessionId: string }> {
  const stage = await openStage();
  const eve = await stage.enter("Eve", "daily", { settings: { camera: "0" } });
  const first = await stage.enter("Ada", "daily");
  await eve.hearsAndSees();
  await watchGaps(eve);
  return { stage, eve, first, sessionId: await first.sessionId() };
}

/** Another tab of the same person in which something runs before the page's own code. */
async function anotherTab(of: Person, options: { first?: () => void; settings?: Record<string, string> } = {}) {
  const page = await of.page.context().newPage();
  if (options.first) await page.addInitScript(options.first);
  const url = new URL(of.page.url());
  for (const [name, value] of Object.entries(options.settings ?? {})) url.searchParams.set(name, value);
  await page.goto(url.href);
  const tab = new Person(of.name, of.browser, page);
  await tab.joined();
  return tab;
}

/** The page can't negotiate what it sends, so its media never comes. */
function sendsNothing(): void {
  RTCPeerConnection.prototype.setLocalDescription = () => new Promise(() => {});
}

const producersOf = ({ service }: Stage, sessionId: string) =>
  service.app.registry.find(sessionId)?.participation?.media.requests?.producers ?? [];

describe.skipIf(noStageReason)("a change of tabs with a third person", () => {
  test(onStage("nobody hears or sees it: by a new tab, and back and forth"), async () => {
    const { stage, eve, first, sessionId } = await open();
    let [owner, other] = [await first.openTab(), first];
    for (let change = 0; change < 3; change++) {
      await switched(other);
      await eve.hearsAndSees();
      expect(await longestGaps(eve), `change ${change}`).toSatisfy(isShort);
      await other.page.bringToFront();
      await other.page.getByTestId("use-here-button").click();
      await other.joined();
      [owner, other] = [other, owner];
    }
    await switched(other);
    expect(await owner.sessionId()).toBe(sessionId);
    expect(await eve.heardAbout(sessionId)).toEqual(["user_joined"]);
    expect(
      producersOf(stage, sessionId)
        .map(({ source = "" }) => source)
        .toSorted(),
    ).toEqual(["camera", "mic"]);
    await workersHold({ transports: 4, producers: 3, consumers: 3 });
  });

  test(onStage("a new tab without a camera: the sound goes on, and the old picture ends at once"), async () => {
    const { stage, eve, first, sessionId } = await open();
    await anotherTab(first, { settings: { camera: "0" } });
    await switched(first);
    expect(producersOf(stage, sessionId).map(({ source }) => source)).toEqual(["mic"]);
    expect((await longestGaps(eve)).sound).toBeLessThan(MOST.sound);
  });

  test(
    onStage("a new tab that can send nothing and is closed: the old one goes on, as if nothing had been"),
    async () => {
      const { stage, eve, first, sessionId } = await open();
      const before = producersOf(stage, sessionId).map(({ id }) => id);
      const second = await anotherTab(first, { first: sendsNothing });
      expect(await second.sessionId()).toBe(sessionId);
      await second.page.close();
      await until(() => stage.service.app.registry.find(sessionId)?.epoch === 4);
      await first.inside.holds(() => window.lastseen?.client.state === "connected");
      await eve.hearsAndSees();
      expect(await longestGaps(eve)).toSatisfy(isShort);
      expect(producersOf(stage, sessionId).map(({ id }) => id)).toEqual(before);
      expect(await eve.heardAbout(sessionId)).toEqual(["user_joined"]);
      expect(await first.sessionId()).toBe(sessionId);
      expect((await first.roster()).map(({ name }) => name).toSorted()).toEqual(["Ada", "Eve"]);
    },
  );

  test(onStage("a new tab that can send nothing and stays: after five seconds the old one ends"), async () => {
    const { stage, first, sessionId } = await open();
    await anotherTab(first, { first: sendsNothing });
    expect(producersOf(stage, sessionId)).toHaveLength(2);
    await switched(first);
    expect(producersOf(stage, sessionId)).toEqual([]);
  });
});

function isShort({ sound, picture }: { sound: number; picture: number }): boolean {
  return sound <= MOST.sound && picture <= MOST.picture;
}
