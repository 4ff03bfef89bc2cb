/** The pictures: one tile for each participant, as large as the screen allows. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { LiveCall } from "./live-call.js";
import { Tile } from "./tile.js";

/** Pixels between two tiles, as in the style sheet. */
const GAP = 12;
const WIDE = 16 / 9;
/** The shape of more than two pictures on an upright screen, which they fill better so. */
const UPRIGHT = 4 / 3;

interface Size {
  readonly width: number;
  readonly height: number;
}

export function Stage({ call }: { call: LiveCall }) {
  const stage = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const element = stage.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const participants = call.participants.value;
  const { tileWidth, ratio } = arrange(participants.length, size);
  return (
    <div
      ref={stage}
      class="stage"
      data-testid="stage"
      data-count={participants.length}
      style={{ "--tile-width": `${tileWidth}px`, "--tile-ratio": String(ratio) }}
    >
      {participants.map((participant) => (
        <Tile key={participant.sessionId} participant={participant} call={call} />
      ))}
    </div>
  );
}

/** Chooses the number of columns that gives the largest tiles. */
function arrange(tiles: number, { width, height }: Size): { tileWidth: number; ratio: number } {
  const count = Math.max(1, tiles);
  const ratio = height > width && count > 2 ? UPRIGHT : WIDE;
  const widthWith = (columns: number): number => {
    const rows = Math.ceil(count / columns);
    const byWidth = (width - GAP * (columns - 1)) / columns;
    const byHeight = ((height - GAP * (rows - 1)) / rows) * ratio;
    return Math.min(byWidth, byHeight);
  };
  const widths = Array.from({ length: count }, (_, index) => widthWith(index + 1));
  return { tileWidth: Math.max(0, Math.floor(Math.max(...widths))), ratio };
}
