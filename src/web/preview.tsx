import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "./icon.js";
import type { LocalTracks } from "./local-tracks.js";

/** One's own picture before the meeting, once "Check camera" was clicked. */
export function Preview({ tracks, check }: { tracks: LocalTracks | undefined; check: () => Promise<void> }) {
  const video = useRef<HTMLVideoElement>(null);
  const [checking, setChecking] = useState(false);
  const camera = tracks?.video;
  useLayoutEffect(() => {
    const element = video.current;
    if (!element || !camera) return undefined;
    element.srcObject = new MediaStream([camera]);
    return () => (element.srcObject = null);
  }, [camera]);
  const look = async (): Promise<void> => {
    setChecking(true);
    await check();
    setChecking(false);
  };
  return (
    <section class="preview" aria-label="Preview">
      <video ref={video} hidden={!camera} autoplay playsInline muted />
      <div class="preview-text">
        <Icon name="camera" />
        <p class="preview-hint">{tracks ? tracks.problem : "Your camera stays off until you join."}</p>
        <button
          type="button"
          class="ghost"
          data-testid="preview-button"
          disabled={checking}
          onClick={() => void look()}
        >
          {tracks?.problem ? "Try again" : "Check camera"}
        </button>
      </div>
    </section>
  );
}
