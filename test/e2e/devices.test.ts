/** What happens when a device in use gives nothing any more, with the fake devices of Chromium. */
import { describe, expect, test } from "vitest";
import { until } from "../support/until.js";
import { noStageReason } from "./browsers.js";
import type { Person } from "./person.js";
import { onStage, openStage, type Stage } from "./stage.js";

/** What the service knows of somebody's producers: source and id, in order. */
async function producersOf({ service }: Stage, name: string): Promise<string[]> {
  const answer = await service.get("/api/rooms/daily");
  const { participants } = (await answer.json()) as {
    participants: { name: string; producers: { id: string; source: string }[] }[];
  };
  const found = participants.find((participant) => participant.name === name);
  return (found?.producers ?? []).map(({ id, source }) => `${source} ${id}`).toSorted();
}

async function says({ page }: Person, text: string): Promise<void> {
  await page.getByRole("alert").filter({ hasText: text }).waitFor();
}

describe.skipIf(noStageReason)("a device in use", () => {
  test(onStage("is not allowed any more: the camera ends, the page says so, and the microphone goes on"), async () => {
    const stage = await openStage();
    const eve = await stage.enter("Eve", "daily");
    const ada = await stage.enter("Ada", "daily", { asks: true });
    await Promise.all([eve.hearsAndSees(), ada.hearsAndSees()]);
    const [camera, mic] = await producersOf(stage, "Ada");
    await ada.setPermission("camera", "denied");
    await says(ada, "The browser does not allow the camera any more.");
    await until(async () => !(await producersOf(stage, "Ada")).includes(camera ?? ""));
    expect(await ada.page.getByRole("button", { name: "Turn camera on" }).count()).toBe(1);
    await eve.hears();
    expect(await producersOf(stage, "Ada")).toEqual([mic]);

    await ada.setPermission("camera", "granted");
    await ada.page.getByTestId("camera-button").click();
    await eve.hearsAndSees();
    expect(await producersOf(stage, "Ada")).toEqual([expect.stringMatching(/^camera /), mic]);
  });

  test(onStage("fails: the page opens it again with the same producer, and gives up the second time"), async () => {
    const stage = await openStage();
    const eve = await stage.enter("Eve", "daily");
    const ada = await stage.enter("Ada", "daily", { ownBrowser: true });
    await Promise.all([eve.hearsAndSees(), ada.hearsAndSees()]);
    const before = await producersOf(stage, "Ada");
    await failsCamera(ada);
    await eve.hearsAndSees();
    expect(await producersOf(stage, "Ada")).toEqual(before);
    await failsCamera(ada);
    await says(ada, "The camera has stopped. Turn it on again.");
    await until(async () => (await producersOf(stage, "Ada")).length === 1);
    expect(await producersOf(stage, "Ada")).toEqual(before.slice(1));
    await ada.page.getByTestId("camera-button").click();
    await eve.hearsAndSees();
  });
});

/** The part of the browser that reads the camera dies, as when its driver fails. */
async function failsCamera(person: Person): Promise<void> {
  const track = () =>
    person.page.evaluate(() => window.lastseen?.media.publications.find(({ source }) => source === "camera")?.track.id);
  const before = await track();
  await person.killCapture();
  await until(async () => (await track()) !== before);
}
