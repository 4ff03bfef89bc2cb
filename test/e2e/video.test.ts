import { describe, expect, test } from "vitest";
import { until } from "../support/until.js";
import type { Person } from "./person.js";
import { noStageReason } from "./browsers.js";
import { onStage, openStage } from "./stage.js";

/**
 * A sender has this long to find out what the network carries. When the service sends no feedback for the whole transport
 * (transport-cc), Chromium stays at about 84 kbit/s for ever: one layer of 320x180.
 */
const MEASURED_WITHIN_MS = 15_000;
const ENOUGH_BITS_PER_SECOND = 1_000_000;

/** What a browser says about the video that it sends. */
interface Sending {
  bitsPerSecond: number;
  /** Bytes so far, of each simulcast layer, by its rid. */
  layers: Record<string, number>;
}

/** What a browser says about the video that it receives and shows. */
interface Watching {
  /** Of the decoded frames. */
  decoded: { width: number; height: number };
  /** Of the picture in the page's video element. */
  shown: { width: number; height: number };
  framesDecoded: number;
}

/**
 * On a busy machine Chromium lowers the resolution of what it encodes. This test is about bandwidth: the sender is told to
 * drop frames for the processor instead.
 */
async function keepResolution(person: Person): Promise<void> {
  await person.page.evaluate(async () => {
    const camera = window.lastseen?.media.publications.find(({ source }) => source === "camera");
    const sender = camera?.producer?.rtpSender;
    if (!sender) throw new Error("the page sends no camera");
    const parameters: RTCRtpSendParameters & { degradationPreference?: string } = sender.getParameters();
    await sender.setParameters({ ...parameters, degradationPreference: "maintain-resolution" });
  });
}

function sending(person: Person): Promise<Sending> {
  return person.page.evaluate(async () => {
    const sent: { bitsPerSecond: number; layers: Record<string, number> } = { bitsPerSecond: 0, layers: {} };
    const report = (await window.lastseen?.media.getStats("send")) as Map<string, Record<string, unknown>> | undefined;
    for (const stat of report?.values() ?? []) {
      if (stat["type"] === "candidate-pair" && stat["nominated"] === true) {
        sent.bitsPerSecond = Number(stat["availableOutgoingBitrate"] ?? 0);
      }
      if (stat["type"] === "outbound-rtp" && stat["kind"] === "video") {
        sent.layers[String(stat["rid"])] = Number(stat["framesEncoded"]);
      }
    }
    return sent;
  });
}

function watching(person: Person): Promise<Watching> {
  return person.page.evaluate(async () => {
    const seen = { decoded: { width: 0, height: 0 }, shown: { width: 0, height: 0 }, framesDecoded: 0 };
    const report = (await window.lastseen?.media.getStats("recv")) as Map<string, Record<string, unknown>> | undefined;
    for (const stat of report?.values() ?? []) {
      if (stat["type"] !== "inbound-rtp" || stat["kind"] !== "video" || stat["frameWidth"] === undefined) continue;
      seen.decoded = { width: Number(stat["frameWidth"]), height: Number(stat["frameHeight"]) };
      seen.framesDecoded = Number(stat["framesDecoded"]);
    }
    const video = document.querySelector<HTMLVideoElement>("[data-testid=remote-video]");
    if (video) seen.shown = { width: video.videoWidth, height: video.videoHeight };
    return seen;
  });
}

/** @param height of the element with the others' picture; empty: as the page has it */
async function setHeight({ page }: Person, height: string): Promise<void> {
  await page.getByTestId("remote-video").evaluate((video, value) => {
    video.style.height = value;
  }, height);
}

const isLarge = ({ width, height }: { width: number; height: number }): boolean => width >= 640 && height >= 360;

describe.skipIf(noStageReason)("the picture of a camera with 1280x720", () => {
  test(
    onStage(
      "within 15 s the sender uses more than 1 Mbit/s and two layers, and the others see 640x360 or more, or less in a small element",
    ),
    async () => {
      const stage = await openStage();
      const bob = await stage.enter("Bob", "daily");
      const ada = await stage.enter("Ada", "daily");
      await bob.hearsAndSees();
      await keepResolution(ada);
      await until(async () => (await sending(ada)).bitsPerSecond > ENOUGH_BITS_PER_SECOND, MEASURED_WITHIN_MS);

      const before = await sending(ada);
      const growing = async (): Promise<string[]> => {
        const { layers } = await sending(ada);
        return Object.keys(layers).filter((rid) => (layers[rid] ?? 0) > (before.layers[rid] ?? 0));
      };
      expect(Object.keys(before.layers)).toHaveLength(3);
      await expect.poll(async () => (await growing()).length).toBeGreaterThanOrEqual(2);

      await until(async () => isLarge((await watching(bob)).decoded));
      const { framesDecoded } = await watching(bob);
      await until(async () => {
        const seen = await watching(bob);
        return isLarge(seen.decoded) && isLarge(seen.shown) && seen.framesDecoded > framesDecoded + 20;
      });

      // The client asks for what the element needs.
      await setHeight(bob, "100px");
      await until(async () => (await watching(bob)).decoded.height <= 180);
      await setHeight(bob, "");
      await until(async () => isLarge((await watching(bob)).decoded));
    },
  );
});
