import type { LiveCall } from "./live-call.js";
import { MediaElement } from "./media-element.js";

/** The voices of all others, also of those whose tiles are on another page. */
export function Sounds({ call }: { call: LiveCall }) {
  return (
    <>
      {call.participants.value
        .filter((participant) => !call.isOwn(participant))
        .map(({ sessionId }) => (
          <MediaElement
            key={sessionId}
            kind="audio"
            testid="remote-audio"
            track={call.remoteSound(sessionId)}
            call={call}
          />
        ))}
    </>
  );
}
