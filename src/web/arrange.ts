/** How the tiles of a call fill the screen. */

/** Pixels between two tiles, as in the style sheet. */
const GAP = 12;
const WIDE = 16 / 9;
/** The shape of more than two pictures on an upright screen, which they fill better so. */
const UPRIGHT = 4 / 3;
/** A name and a face can be told on a tile of this width, pixels; on a small screen it is nearer to the eye. */
const LEAST_WIDTH = { wide: 200, small: 150 } as const;

export interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * How many tiles fit on one page without being too small; all of them, if they do.
 *
 * @param isAside whether the tiles stand beside something larger
 */
export function tilesPerPage(tiles: number, size: Size, isAside = false): number {
  if (size.width === 0 || size.height === 0) return Math.max(1, tiles);
  const isUpright = size.height > size.width;
  const width = isUpright || isAside ? LEAST_WIDTH.small : LEAST_WIDTH.wide;
  const ratio = isUpright ? UPRIGHT : WIDE;
  const columns = Math.max(1, Math.floor((size.width + GAP) / (width + GAP)));
  const rows = Math.max(1, Math.floor((size.height + GAP) / (width / ratio + GAP)));
  return columns * rows;
}

/** Chooses the number of columns that gives the largest tiles. */
export function arrange(tiles: number, { width, height }: Size): { tileWidth: number; ratio: number } {
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
