/** The demo page's shared screen. In Chromium it is a picture that the browser makes; in Firefox it is an X server's. */
import { describe, expect, test } from "vitest";
import { until } from "../support/until.js";
import { XScreen } from "../support/x-screen.js";
import { faultsOf, tabStops } from "./axe.js";
import { noStageReason } from "./browsers.js";
import { FirefoxPerson, inFirefox, noFirefoxReason } from "./firefox.js";
import type { Participant } from "./participant.js";
import type { Person } from "./person.js";
import { onStage, openStage } from "./stage.js";

/** How many shared screens the page shows with a picture in motion, and how many faces. */
function sees({ inside }: Participant): Promise<{ screens: number; faces: number }> {
  return inside.evaluate(() => {
    const count = (what: string) =>
      [...document.querySelectorAll<HTMLVideoElement>(what)].filter(
        (video) => !video.hidden && video.videoWidth > 2 && video.currentTime > 0,
      ).length;
    return { screens: count("[data-testid=screen-tile] video"), faces: count("[data-testid=tile] video") };
  });
}

async function seesSoon(people: readonly Participant[], wanted: { screens: number; faces: number }): Promise<void> {
  for (const person of people)
    await until(async () => {
      const { screens, faces } = await sees(person);
      return screens === wanted.screens && faces === wanted.faces;
    });
}

/** The widths of the first shared screen and of the widest face, and whether something does not fit the page. */
function layout({ page }: Person): Promise<{ screen: number; face: number; fits: boolean }> {
  return page.evaluate(() => {
    const widths = (what: string) => [...document.querySelectorAll(what)].map((tile) => tile.getBoundingClientRect());
    const [screen] = widths("[data-testid=screen-tile]");
    const all = widths("[data-testid=tile], [data-testid=screen-tile], .controls button, .stage-pages");
    return {
      screen: screen?.width ?? 0,
      face: Math.max(...widths("[data-testid=tile]").map(({ width }) => width)),
      fits: all.every(({ left, right, bottom }) => left >= 0 && right <= innerWidth && bottom <= innerHeight),
    };
  });
}

const screenButton = ({ page }: Person) => page.getByTestId("screen-button");

describe.skipIf(noStageReason)("a shared screen on the demo page", () => {
  test(onStage("is larger than the faces, which stay, and ends with the button"), async () => {
    const stage = await openStage();
    const eve = await stage.enter("Eve", "daily");
    const ada = await stage.enter("Ada", "daily");
    for (let n = 0; n < 30; n += 1) await stage.service.join(`user-${n}`, "daily");
    await seesSoon([eve, ada], { screens: 0, faces: 2 });
    expect(await tabStops(ada.page, 12)).toContain("screen-button");
    await screenButton(ada).focus();
    await ada.page.keyboard.press("Enter");
    await seesSoon([ada, eve], { screens: 1, faces: 2 });
    await eve.page.getByText("shares the screen").waitFor();
    await ada.page.getByText("Your screen").waitFor();
    expect(await screenButton(ada).getAttribute("aria-pressed")).toBe("true");
    for (const { page } of [ada, eve]) expect(await faultsOf(page)).toEqual([]);
    for (const person of [ada, eve])
      for (const viewport of [
        { width: 390, height: 760 },
        { width: 1400, height: 800 },
      ]) {
        await person.page.setViewportSize(viewport);
        await until(async () => {
          const { screen, face, fits } = await layout(person);
          return fits && screen >= 2 * face;
        });
      }
    await ada.page.keyboard.press("Enter");
    await seesSoon([ada, eve], { screens: 0, faces: 2 });
    expect(await screenButton(ada).getAttribute("aria-label")).toBe("Share the screen");
  });

  test(
    onStage("has its sound beside the voice, and does not change what the page says of the microphone"),
    async () => {
      const stage = await openStage();
      const eve = await stage.enter("Eve", "daily");
      const ada = await stage.enter("Ada", "daily");
      await Promise.all([eve.hearsAndSees(), ada.hearsAndSees()]);
      await ada.page.evaluate(async () => {
        const audio = new AudioContext();
        const tone = new OscillatorNode(audio);
        const out = new MediaStreamAudioDestinationNode(audio);
        tone.connect(out);
        tone.start();
        const [track] = out.stream.getAudioTracks();
        if (track) await window.lastseen?.media.publish(track, { source: "screen-audio" });
      });
      const playing = () =>
        eve.page.evaluate(
          () => [...document.querySelectorAll("audio")].filter((audio) => audio.srcObject && !audio.paused).length,
        );
      await until(async () => (await playing()) === 2);
      await ada.page.getByTestId("mic-button").click();
      await eve.page.locator("[data-testid=tile]:not([data-own]) [title='Microphone off']").waitFor();
      expect(await playing()).toBe(2);
    },
  );

  test(onStage("ends when the browser ends it"), async () => {
    const stage = await openStage();
    const eve = await stage.enter("Eve", "daily");
    const ada = await stage.enter("Ada", "daily", { sharesTab: "Slides" });
    const slides = await ada.page.context().newPage();
    await slides.setContent("<title>Slides</title><h1>Moving</h1><marquee>slides</marquee>");
    await ada.page.bringToFront();
    await screenButton(ada).click();
    await seesSoon([ada, eve], { screens: 1, faces: 2 });
    // What the bar of the browser does, too: the track ends, and the page did not ask for it.
    await slides.close();
    await seesSoon([ada, eve], { screens: 0, faces: 2 });
    expect(await screenButton(ada).getAttribute("aria-pressed")).toBe("false");
  });

  test(onStage("says that it was not allowed"), async () => {
    const stage = await openStage();
    // A browser without a screen asks nobody, so nobody can refuse: its answer is played.
    const first = () => {
      const refused = () => Promise.reject(new DOMException("Permission denied by user", "NotAllowedError"));
      MediaDevices.prototype.getDisplayMedia = refused;
    };
    const ada = await stage.enter("Ada", "daily", { first });
    await screenButton(ada).click();
    await ada.page.getByRole("alert").filter({ hasText: "Your screen is not shared" }).waitFor();
    expect(await screenButton(ada).getAttribute("aria-pressed")).toBe("false");
  });

  test(onStage("has no button where the browser shares none"), async () => {
    const stage = await openStage();
    const ada = await stage.enter("Ada", "daily", {
      first: () => Reflect.deleteProperty(MediaDevices.prototype, "getDisplayMedia"),
    });
    await ada.page.getByTestId("camera-button").waitFor();
    expect(await screenButton(ada).count()).toBe(0);
  });
});

const noScreenReason = noFirefoxReason ?? (XScreen.isThere() ? undefined : "there is no Xvfb");

describe.skipIf(noScreenReason)("a shared screen on the demo page in Firefox", () => {
  test(inFirefox("is seen by others, and ends with the button"), async () => {
    const stage = await openStage();
    const eve = await stage.enter("Eve", "daily");
    const ada = await FirefoxPerson.enterAlone("Ada", stage.url("Ada", "daily"), {}, { hasScreen: true });
    await seesSoon([eve, ada], { screens: 0, faces: 2 });
    await ada.page.click("[data-testid=screen-button]");
    await seesSoon([ada, eve], { screens: 1, faces: 2 });
    // Each sees the screen of the other.
    await screenButton(eve).click();
    await seesSoon([ada, eve], { screens: 2, faces: 2 });
    await ada.page.click("[data-testid=screen-button]");
    await seesSoon([ada, eve], { screens: 1, faces: 2 });
  });
});
