import type { Participant } from "@lastseen/client";
import { Icon } from "./icon.js";
import type { LiveCall } from "./live-call.js";
import { MediaElement } from "./media-element.js";
import { initials, isolated } from "./names.js";
import { hash } from "./settings.js";

/** One participant on the stage: picture or initials, name, microphone, hand, and a veil while away. */
export function Tile({ participant, call }: { participant: Participant; call: LiveCall }) {
  const { sessionId, userId, name, state, metadata } = participant;
  const own = call.isOwn(participant);
  const isLive = call.isLive.value;
  const offlineWord = own ? "You are offline" : "Last known";
  const video = own ? ownCamera(call) : call.remotePicture(sessionId);
  const showsVideo = video !== undefined && call.sends(participant, "camera");
  return (
    <article
      class="tile"
      data-testid="tile"
      data-session-id={sessionId}
      data-user-id={userId}
      data-own={own ? "" : undefined}
      data-state={state}
      data-stale={isLive ? undefined : ""}
      data-speaking={userId === call.speaker.value ? "" : undefined}
      aria-label={own ? `${isolated(name)} (you)` : name}
    >
      <span class="avatar" aria-hidden="true" style={{ "--hue": String(hash(userId) % 360) }}>
        {initials(name)}
      </span>
      <MediaElement
        kind="video"
        testid={own ? "own-video" : "remote-video"}
        track={video}
        hidden={!showsVideo}
        call={call}
      />
      <span class="tile-away" hidden={isLive && state !== "away"}>
        {isLive ? "Away" : offlineWord}
      </span>
      <div class="tile-bar">
        <span
          class="tile-muted"
          title="Microphone off"
          hidden={own ? call.publishes("mic") : call.sends(participant, "mic")}
        >
          <Icon name="micOff" />
        </span>
        <span class="tile-name">
          <bdi>{name}</bdi>
          {own && " (you)"}
        </span>
      </div>
      <span class="tile-hand" title="Hand raised" hidden={metadata["hand"] !== true}>
        <Icon name="hand" />
      </span>
    </article>
  );
}

function ownCamera({ publications }: LiveCall): MediaStreamTrack | undefined {
  return publications.value.find(({ source, muted }) => source === "camera" && !muted)?.track;
}
