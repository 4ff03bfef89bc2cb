/** The pictures: one tile for each participant, as large as the screen allows, on several pages where they get too small. */
import { useRef, useState } from "preact/hooks";
import { arrange, tilesPerPage } from "./arrange.js";
import type { LiveCall } from "./live-call.js";
import { Screens } from "./screens.js";
import { Sounds } from "./sounds.js";
import { Tile } from "./tile.js";
import { useSize } from "./use-size.js";

/** While somebody shares a screen, the screens have the larger part. */
export function Stage({ call }: { call: LiveCall }) {
  const { screens } = call;
  return (
    <div class="stage-area" data-shared={screens.length > 0 ? "" : undefined}>
      <div class="stage-parts" style={{ "--screens": String(screens.length) }}>
        {screens.length > 0 && <Screens screens={screens} call={call} />}
        <Faces key="faces" call={call} isAside={screens.length > 0} />
      </div>
      <Sounds call={call} />
    </div>
  );
}

function Faces({ call, isAside }: { call: LiveCall; isAside: boolean }) {
  const stage = useRef<HTMLDivElement>(null);
  const size = useSize(stage);
  const [chosenPage, choosePage] = useState(0);

  const participants = call.participants.value;
  const perPage = tilesPerPage(participants.length, size, isAside);
  const pages = Math.max(1, Math.ceil(participants.length / perPage));
  const page = Math.min(chosenPage, pages - 1);
  // Where not everybody is in sight, one's own picture is on the first page.
  const ordered =
    pages > 1 ? participants.toSorted((a, b) => Number(call.isOwn(b)) - Number(call.isOwn(a))) : participants;
  const shown = ordered.slice(page * perPage, (page + 1) * perPage);
  // All pages have tiles of one size.
  const { tileWidth, ratio } = arrange(pages > 1 ? perPage : participants.length, size);
  return (
    <div class="faces" data-paged={pages > 1 ? "" : undefined}>
      <div
        ref={stage}
        class="stage"
        data-testid="stage"
        data-count={participants.length}
        style={{ "--tile-width": `${tileWidth}px`, "--tile-ratio": String(ratio) }}
      >
        {shown.map((participant) => (
          <Tile key={participant.sessionId} participant={participant} call={call} />
        ))}
      </div>
      <StagePages
        page={page}
        pages={pages}
        words={`${page * perPage + 1}–${page * perPage + shown.length} of ${participants.length}`}
        turnTo={choosePage}
      />
    </div>
  );
}

function StagePages(props: { page: number; pages: number; words: string; turnTo: (page: number) => void }) {
  const { page, pages, words, turnTo } = props;
  if (pages < 2) return null;
  return (
    <nav class="stage-pages" aria-label="Pages of people">
      <button
        type="button"
        class="ghost small"
        data-testid="stage-back"
        disabled={page === 0}
        onClick={() => turnTo(page - 1)}
      >
        Back
      </button>
      <span data-testid="stage-page">{words}</span>
      <button
        type="button"
        class="ghost small"
        data-testid="stage-next"
        disabled={page === pages - 1}
        onClick={() => turnTo(page + 1)}
      >
        Next
      </button>
    </nav>
  );
}
