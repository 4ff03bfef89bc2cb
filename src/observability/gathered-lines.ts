import { symbols, type DestinationStream } from "pino";

/** Lines wait so long for each other, milliseconds. To hand each to the system alone costs more than all else about it. */
const GATHER_MS = 10;
/** So many characters do not wait. */
const MOST_GATHERED = 64 * 1024;
/** pino's number of the level `warn`. Such a line does not wait, nor those before it: the process may be about to end. */
const WARN = 40;

/** Where lines go. */
export interface Lines extends DestinationStream {
  /** Writes what waits to be written before it returns. */
  flushSync(): void;
}

/** Gathers the lines of a moment and writes them together. */
export class GatheredLines implements Lines {
  readonly [symbols.needsMetadataGsym] = true;
  /** The level of the line that is written next. pino sets it. */
  lastLevel = 0;
  readonly #out: Lines;
  #lines = "";
  #timer: NodeJS.Timeout | undefined;

  constructor(out: Lines) {
    this.#out = out;
  }

  write(line: string): void {
    this.#lines += line;
    if (this.lastLevel >= WARN || this.#lines.length >= MOST_GATHERED) this.flush();
    // The timer keeps the process alive, so that a process that ends by itself writes its last lines.
    else this.#timer ??= setTimeout(() => this.flush(), GATHER_MS);
  }

  /** Writes what waits. */
  flush(): void {
    const lines = this.take();
    if (lines !== "") this.#out.write(lines);
  }

  /** pino calls it after a line of the level `fatal`. */
  flushSync(): void {
    this.flush();
    this.#out.flushSync();
  }

  /** What waits, which the caller writes itself. */
  take(): string {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#lines;
    this.#lines = "";
    return lines;
  }
}
