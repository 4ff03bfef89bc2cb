/** The screens that people share, as large as the room for them allows. */
import { useRef } from "preact/hooks";
import { arrange } from "./arrange.js";
import type { LiveCall, SharedScreen } from "./live-call.js";
import { MediaElement } from "./media-element.js";
import { isolated } from "./names.js";
import { useSize } from "./use-size.js";

export function Screens({ screens, call }: { screens: readonly SharedScreen[]; call: LiveCall }) {
  const area = useRef<HTMLDivElement>(null);
  const { tileWidth, ratio } = arrange(screens.length, useSize(area));
  return (
    <div
      ref={area}
      class="stage"
      data-testid="screens"
      style={{ "--tile-width": `${tileWidth}px`, "--tile-ratio": String(ratio) }}
    >
      {screens.map((screen) => (
        <ScreenTile key={screen.participant.sessionId} screen={screen} call={call} />
      ))}
    </div>
  );
}

function ScreenTile({ screen: { participant, track }, call }: { screen: SharedScreen; call: LiveCall }) {
  const { sessionId, name, state } = participant;
  const own = call.isOwn(participant);
  const isLive = call.isLive.value;
  const offlineWord = own ? "You are offline" : "Last known";
  return (
    <article
      class="tile"
      data-testid="screen-tile"
      data-session-id={sessionId}
      data-screen
      data-state={state}
      data-stale={isLive ? undefined : ""}
      aria-label={own ? "Your screen" : `The screen of ${isolated(name)}`}
    >
      <MediaElement kind="video" testid={own ? "own-screen" : "remote-screen"} track={track} call={call} />
      <span class="tile-away" hidden={isLive && state !== "away"}>
        {isLive ? "Away" : offlineWord}
      </span>
      <div class="tile-bar">
        <span class="tile-name">
          {own ? (
            "Your screen, as the others see it"
          ) : (
            <>
              <bdi>{name}</bdi> shares the screen
            </>
          )}
        </span>
      </div>
    </article>
  );
}
