import type { Participant } from "@lastseen/client";
import { Icon } from "./icon.js";
import type { LiveCall } from "./live-call.js";
import { MediaElement } from "./media-element.js";
import { hash } from "./settings.js";

/** One participant on the stage: picture or initials, name, microphone, hand, and a veil while away. */
export function Tile({ participant, call }: { participant: Participant; call: LiveCall }) {
  const { sessionId, userId, name, state, metadata } = participant;
  const own = call.isOwn(participant);
  const video = own ? ownCamera(call) : remoteTrack(call, sessionId, "video");
  const showsVideo = video !== undefined && call.sends(participant, "video");
  return (
    <article
      class="tile"
      data-testid="tile"
      data-session-id={sessionId}
      data-user-id={userId}
      data-own={own ? "" : undefined}
      data-state={state}
      data-speaking={userId === call.speaker.value ? "" : undefined}
      aria-label={name}
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
      {!own && (
        <MediaElement kind="audio" testid="remote-audio" track={remoteTrack(call, sessionId, "audio")} call={call} />
      )}
      <span class="tile-away" hidden={state !== "away"}>
        Away
      </span>
      <div class="tile-bar">
        <span
          class="tile-muted"
          title="Microphone off"
          hidden={own ? call.publishes("mic") : call.sends(participant, "audio")}
        >
          <Icon name="micOff" />
        </span>
        <span class="tile-name">{own ? `${name} (you)` : name}</span>
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

function remoteTrack(call: LiveCall, sessionId: string, kind: "audio" | "video"): MediaStreamTrack | undefined {
  return call.tracks.value.findLast((remote) => remote.sessionId === sessionId && remote.kind === kind)?.track;
}

function initials(name: string): string {
  const parts = name.trim().split(/\s+/);
  const letters = [parts[0], parts.length > 1 ? parts.at(-1) : undefined].map((part) =>
    String.fromCodePoint(part?.codePointAt(0) ?? 32),
  );
  return letters.join("").trim().toUpperCase();
}
