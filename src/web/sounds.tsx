import type { LiveCall } from "./live-call.js";
import { MediaElement } from "./media-element.js";

/** The voices of all others, also of those whose tiles are on another page, and the sounds of their screens. */
export function Sounds({ call }: { call: LiveCall }) {
  return (
    <>
      {call.participants.value
        .filter((participant) => !call.isOwn(participant))
        .flatMap(({ sessionId }) =>
          call
            .remoteSounds(sessionId)
            .map(({ source, track }) => (
              <MediaElement
                key={`${sessionId} ${source}`}
                kind="audio"
                testid="remote-audio"
                track={track}
                call={call}
              />
            )),
        )}
    </>
  );
}
