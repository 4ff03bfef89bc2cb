/** The bar at the bottom of a call: microphone, camera, screen, hand, leave. */
import { useState } from "preact/hooks";
import { DeviceMenu } from "./device-menu.js";
import type { LiveCall } from "./live-call.js";
import { openTracks, whyNoDevice } from "./local-tracks.js";
import { RoundButton } from "./round-button.js";
import { ScreenButton } from "./screen-button.js";

export function Controls(props: {
  call: LiveCall;
  fake: boolean;
  leave: () => void;
  toggleSide: () => void;
  problem: (text: string) => void;
}) {
  const { call } = props;
  const [choosing, setChoosing] = useState(false);
  const mic = call.publishes("mic");
  const camera = call.publishes("camera");
  const hand = call.participants.value.find((participant) => call.isOwn(participant))?.metadata["hand"] === true;
  const toggle = (source: "mic" | "camera"): void => void toggleSource(call, source, props);
  return (
    <div class="controls" role="toolbar" aria-label="Call">
      <RoundButton
        testid="mic-button"
        icon={mic ? "mic" : "micOff"}
        label={mic ? "Mute microphone" : "Unmute microphone"}
        pressed={mic}
        onClick={() => toggle("mic")}
      />
      <RoundButton
        testid="camera-button"
        icon={camera ? "camera" : "cameraOff"}
        label={camera ? "Turn camera off" : "Turn camera on"}
        pressed={camera}
        onClick={() => toggle("camera")}
      />
      <ScreenButton call={call} problem={props.problem} />
      <RoundButton
        testid="hand-button"
        icon="hand"
        label={hand ? "Lower hand" : "Raise hand"}
        pressed={hand}
        onClick={() => void call.client.setMetadata({ ...call.client.self?.metadata, hand: !hand }).catch(() => {})}
      />
      {!props.fake && (
        <RoundButton
          testid="devices-button"
          icon="devices"
          label="Choose microphone and camera"
          onClick={() => setChoosing(true)}
        />
      )}
      {choosing && <DeviceMenu call={call} close={() => setChoosing(false)} />}
      <RoundButton
        testid="side-button"
        look="side-button"
        icon="people"
        label="People and events"
        onClick={props.toggleSide}
      />
      <RoundButton testid="leave-button" look="danger" icon="leave" label="Leave" onClick={props.leave} />
    </div>
  );
}

/** Mutes or unmutes what is published; otherwise opens the device and publishes it. */
async function toggleSource(
  call: LiveCall,
  source: "mic" | "camera",
  { fake, problem }: { fake: boolean; problem: (text: string) => void },
): Promise<void> {
  const { client, media } = call;
  const published = media.publications.find((publication) => publication.source === source);
  if (published) {
    await (published.muted ? media.unmute(source) : media.mute(source));
    return;
  }
  if (!client.room) return;
  if (!fake) {
    await call.start(source).catch((error: unknown) => problem(whyNoDevice(error)));
    return;
  }
  const mic = source === "mic";
  const tracks = await openTracks({ mic, camera: !mic, fake });
  const track = mic ? tracks.audio : tracks.video;
  if (tracks.problem) problem(tracks.problem);
  if (track) await call.start(source, track);
}
