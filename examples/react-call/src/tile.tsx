import type { Participant } from "@lastseen/client";
import { Track, type TrackRef } from "@lastseen/react";
import type { ReactNode } from "react";
import { Avatar } from "./avatar.js";
import { MicOffIcon } from "./icons.js";

/** One person, or a screen that somebody shows. */
export function Tile({
  participant,
  camera,
  screen,
  isSelf,
  isSpeaking = false,
}: {
  participant: Participant | undefined;
  camera?: TrackRef | undefined;
  screen?: TrackRef | undefined;
  isSelf: boolean;
  isSpeaking?: boolean;
}): ReactNode {
  const picture = screen ?? (camera?.isMuted ? undefined : camera);
  const name = participant?.name ?? "You";
  const isAway = participant?.state === "away";
  const mic = participant?.producers.find(({ source }) => source === "mic");
  const classes = ["tile", screen && "tile-screen", isAway && "tile-away", isSpeaking && "tile-speaking"];
  return (
    <article
      className={classes.filter(Boolean).join(" ")}
      data-self={isSelf}
      aria-label={`${name}${screen ? ", screen" : ""}${isAway ? ", away" : ""}`}
    >
      {/* Seen until the first picture is there. */}
      {!screen && <Avatar name={name} />}
      {picture && <Track trackRef={picture} className={isSelf && !screen ? "mirrored" : ""} />}
      <footer className="plate">
        {!screen && (!mic || mic.paused) && <MicOffIcon label="microphone off" />}
        <bdi>{name}</bdi>
        {isSelf && <span className="you">you</span>}
        {screen && <span className="you">screen</span>}
      </footer>
      {isAway && <p className="away">away</p>}
    </article>
  );
}
