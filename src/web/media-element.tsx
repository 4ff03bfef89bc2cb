import { useLayoutEffect, useRef } from "preact/hooks";
import type { LiveCall } from "./live-call.js";

/** Plays one track. The element is emptied when the track goes or the element itself does. */
export function MediaElement(props: {
  kind: "audio" | "video";
  testid: string;
  track: MediaStreamTrack | undefined;
  hidden?: boolean;
  call: LiveCall;
}) {
  const { kind, testid, track, hidden = false, call } = props;
  const audio = useRef<HTMLAudioElement>(null);
  const video = useRef<HTMLVideoElement>(null);
  useLayoutEffect(() => {
    const element = audio.current ?? video.current;
    if (!element || !track) return undefined;
    call.media.attach(element, track);
    element.play().catch((error: unknown) => {
      // Before the page was touched, browsers play no sound.
      if (error instanceof DOMException && error.name === "NotAllowedError") call.silenced.value = true;
    });
    return () => call.media.detach(element);
  }, [track]);
  if (kind === "audio") return <audio ref={audio} data-testid={testid} autoplay />;
  return <video ref={video} data-testid={testid} hidden={hidden} autoplay playsInline muted />;
}
