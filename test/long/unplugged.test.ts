/** A microphone that is pulled out while it is used, in Chromium and in Firefox: another one takes its place. */
import { describe, expect, onTestFinished, test } from "vitest";
import { openBrowser } from "../e2e/browsers.js";
import { FirefoxPerson, noFirefoxReason } from "../e2e/firefox.js";
import type { Participant } from "../e2e/participant.js";
import { join, openStage, type Stage } from "../e2e/stage.js";
import { noSoundServerReason, SoundServer } from "../support/sound-server.js";
import { until } from "../support/until.js";

const SOUND_ONLY = { camera: "0" };
const REAL_DEVICES = { "media.navigator.streams.fake": false };
const why = noFirefoxReason ?? noSoundServerReason;

function named(title: string): string {
  return why === undefined ? title : `${title} (skipped: ${why})`;
}

async function producersOf({ service }: Stage, name: string): Promise<string[]> {
  const answer = await service.get("/api/rooms/daily");
  const { participants } = (await answer.json()) as { participants: { name: string; producers: { id: string }[] }[] };
  return participants.find((one) => one.name === name)?.producers.map(({ id }) => id) ?? [];
}

/** The label of the microphone that the page sends, while it is live. */
function microphone({ inside }: Participant): Promise<string | undefined> {
  return inside.evaluate(() => {
    const track = window.lastseen?.media.publications.find(({ source }) => source === "mic")?.track;
    return track?.readyState === "live" ? track.label : undefined;
  });
}

function chooses({ inside }: Participant, label: string): Promise<void> {
  return inside.evaluate(async (wanted) => {
    const press = (testid: string) => document.querySelector<HTMLElement>(`[data-testid=${testid}]`)?.click();
    press("devices-button");
    const find = () => document.querySelector<HTMLSelectElement>("[data-testid=mic-select]");
    const option = () => [...(find()?.options ?? [])].find((one) => one.textContent === wanted);
    while (!option()) await new Promise((resolve) => setTimeout(resolve, 100));
    const select = find();
    if (select) select.value = option()?.value ?? "";
    select?.dispatchEvent(new Event("change", { bubbles: true }));
    press("devices-done");
  }, label);
}

async function goesOn(stage: Stage, ada: Participant, sound: SoundServer): Promise<void> {
  const eve = await stage.enter("Eve", "daily");
  await eve.hears();
  const before = await producersOf(stage, "Ada");
  expect(before).toHaveLength(1);
  await chooses(ada, "Headset");
  await until(async () => (await microphone(ada)) === "Headset");
  await eve.hears();

  sound.pullOut("Headset");
  // Chromium hears of it from udev, which a container does not have; otherwise when a page asks for the list.
  await ada.inside.evaluate(async () => void (await navigator.mediaDevices.enumerateDevices()));
  await ada.inside.holds(() => document.body.innerText.includes("Headset was unplugged; "));
  await until(async () => ![undefined, "Headset"].includes(await microphone(ada)));
  await eve.hears();
  expect(await producersOf(stage, "Ada")).toEqual(before);
}

async function withMicrophones(): Promise<SoundServer> {
  const sound = await SoundServer.start(["Desk", "Headset"]);
  onTestFinished(() => sound.close());
  return sound;
}

describe.skipIf(why)("a microphone that is pulled out", () => {
  test(named("Chromium: the page says so, and goes on with another one and the same producer"), async () => {
    const stage = await openStage();
    const sound = await withMicrophones();
    const opened = await openBrowser({ realDevices: true });
    await goesOn(stage, await join(opened, stage.url("Ada", "daily", SOUND_ONLY), "Ada"), sound);
  });

  test(named("Firefox: the page says so, and goes on with another one and the same producer"), async () => {
    const stage = await openStage();
    const sound = await withMicrophones();
    const ada = await FirefoxPerson.enterAlone("Ada", stage.url("Ada", "daily", SOUND_ONLY), REAL_DEVICES);
    await goesOn(stage, ada, sound);
  });
});
