/** A change of the device, as the others see it: the producers stay, and the picture is another one. */
import { describe, expect, test } from "vitest";
import { takeSmallPictures } from "../support/firefox.js";
import { until } from "../support/until.js";
import { FirefoxPerson, inFirefox, noFirefoxReason } from "./firefox.js";
import type { Participant } from "./participant.js";
import { openStage, type Stage } from "./stage.js";

/** Sends a picture of another shape, and another sound. */
function sendsOthers({ inside }: Participant): Promise<void> {
  return inside.evaluate(async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 320 });
    const brush = canvas.getContext("2d");
    let turn = 0;
    setInterval(() => {
      if (!brush) return;
      brush.fillStyle = `hsl(${(turn += 20)} 80% 50%)`;
      brush.fillRect(0, 0, 320, 320);
    }, 100);
    const audio = new AudioContext();
    const out = new MediaStreamAudioDestinationNode(audio);
    const tone = new OscillatorNode(audio);
    tone.connect(out);
    tone.start();
    const [picture] = canvas.captureStream(10).getTracks();
    const [sound] = out.stream.getTracks();
    const media = window.lastseen?.media;
    if (!picture || !sound || !media) throw new Error("the page has no media");
    await media.replaceTrack("camera", picture);
    await media.replaceTrack("mic", sound);
  });
}

/** Waits until a picture that the page receives is a square. */
function seesSquare({ inside }: Participant): Promise<void> {
  return inside.holds(() =>
    [...document.querySelectorAll("video")].some(
      ({ videoWidth, videoHeight, srcObject }) =>
        videoWidth > 0 &&
        videoWidth === videoHeight &&
        window.lastseen?.media.tracks.some(({ track }) =>
          (srcObject as MediaStream | null)?.getTracks().includes(track),
        ),
    ),
  );
}

async function producers({ service }: Stage): Promise<string[]> {
  const answer = await service.get("/api/rooms/daily");
  const { participants } = (await answer.json()) as { participants: { producers: { id: string }[] }[] };
  return participants.flatMap((participant) => participant.producers.map(({ id }) => id)).sort();
}

describe.skipIf(noFirefoxReason)("replaceTrack", () => {
  test(
    inFirefox("sends another picture and sound with the same producers, from Chromium and from Firefox"),
    async () => {
      const stage = await openStage();
      const eve = await stage.enter("Eve", "daily", { first: takeSmallPictures });
      const ada = await FirefoxPerson.enter("Ada", stage.url("Ada", "daily"));
      await Promise.all([eve.hearsAndSees(), ada.hearsAndSees()]);
      await until(async () => (await producers(stage)).length === 4);
      const before = await producers(stage);
      await Promise.all([sendsOthers(eve), sendsOthers(ada)]);
      await Promise.all([seesSquare(eve), seesSquare(ada)]);
      await Promise.all([eve.hearsAndSees(), ada.hearsAndSees()]);
      expect(await producers(stage)).toEqual(before);
    },
  );
});
