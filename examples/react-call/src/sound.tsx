import { Track, type TrackRef } from "@lastseen/react";
import { useState, type ReactNode } from "react";
import { SoundIcon } from "./icons.js";

/** Everybody's sound. A browser that plays none before the user has clicked gets a button. */
export function Sound({ tracks }: { tracks: readonly TrackRef[] }): ReactNode {
  const [blocked, setBlocked] = useState<readonly (() => Promise<void>)[]>([]);
  const turnOn = () => {
    setBlocked([]);
    // The browser allows all of them after this click; what it refuses, asks again.
    for (const play of blocked) play().catch(() => setBlocked((others) => [...others, play]));
  };
  return (
    <>
      {tracks
        .filter(({ kind, isLocal }) => kind === "audio" && !isLocal)
        .map((track) => (
          <Track
            key={track.id}
            trackRef={track}
            onPlaybackBlocked={(play) => setBlocked((others) => [...others, play])}
          />
        ))}
      {blocked.length > 0 && (
        <button type="button" className="primary turn-on" onClick={turnOn}>
          <SoundIcon /> Turn the sound on
        </button>
      )}
    </>
  );
}
