/** The pictures: one tile for each participant, as large as the screen allows, on several pages where they get too small. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { arrange, tilesPerPage, type Size } from "./arrange.js";
import type { LiveCall } from "./live-call.js";
import { Sounds } from "./sounds.js";
import { Tile } from "./tile.js";

export function Stage({ call }: { call: LiveCall }) {
  const stage = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  const [chosenPage, choosePage] = useState(0);
  useLayoutEffect(() => {
    const element = stage.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const participants = call.participants.value;
  const perPage = tilesPerPage(participants.length, size);
  const pages = Math.max(1, Math.ceil(participants.length / perPage));
  const page = Math.min(chosenPage, pages - 1);
  // Where not everybody is in sight, one's own picture is on the first page.
  const ordered =
    pages > 1 ? participants.toSorted((a, b) => Number(call.isOwn(b)) - Number(call.isOwn(a))) : participants;
  const shown = ordered.slice(page * perPage, (page + 1) * perPage);
  // All pages have tiles of one size.
  const { tileWidth, ratio } = arrange(pages > 1 ? perPage : participants.length, size);
  return (
    <div class="stage-area" data-paged={pages > 1 ? "" : undefined}>
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
      <Sounds call={call} />
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
