import { useEffect, useRef, type MediaHTMLAttributes, type ReactNode, type Ref } from "react";
import { useMedia } from "./media-view.js";
import type { TrackRef } from "./use-tracks.js";

export interface TrackProps extends Omit<MediaHTMLAttributes<HTMLMediaElement>, "src" | "children"> {
  /** From `useTracks`. */
  readonly trackRef: TrackRef;
  /**
   * The browser does not let the page play sound before the user has clicked. Show a button that calls `play`.
   *
   * @param play throws a DOMException when the browser still refuses
   */
  readonly onPlaybackBlocked?: (play: () => Promise<void>) => void;
}

/**
 * Shows a track: a `<video>` for pictures, an `<audio>` for sound. The own sound is not played. Further properties go to the
 * element. Style sheets find it by `data-lastseen-source`, `data-lastseen-local` and `data-lastseen-muted`.
 */
export function Track({ trackRef, onPlaybackBlocked, ...attributes }: TrackProps): ReactNode {
  const { track, kind, source, isLocal, isMuted } = trackRef;
  const media = useMedia();
  const element = useRef<HTMLMediaElement>(null);
  const blocked = useRef(onPlaybackBlocked);
  useEffect(() => {
    blocked.current = onPlaybackBlocked;
  });
  const isSilent = isLocal && kind === "audio";
  useEffect(() => {
    const { current } = element;
    if (!current || isSilent) return;
    media.attach(current, track);
    current.play().catch((error: unknown) => {
      // Any other error means that the element has got another track, or is gone.
      if (error instanceof DOMException && error.name === "NotAllowedError") blocked.current?.(() => current.play());
    });
  }, [media, track, isSilent]);
  // Not emptied between two tracks: when a participant goes on in another tab, the picture does not flicker.
  useEffect(() => {
    const { current } = element;
    return () => {
      if (current) media.detach(current);
    };
  }, [media, isSilent]);
  if (isSilent) return null;
  const shared = {
    autoPlay: true,
    muted: isLocal,
    "data-lastseen-source": source,
    "data-lastseen-local": isLocal,
    "data-lastseen-muted": isMuted,
    ...attributes,
  };
  return kind === "video" ? (
    <video ref={element as Ref<HTMLVideoElement>} playsInline {...shared} />
  ) : (
    <audio ref={element} {...shared} />
  );
}
