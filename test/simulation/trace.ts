/** The last lines of what happened, which explain a failure, and a digest of all lines. */
export class Trace {
  readonly #keep: number;
  readonly #lines: string[] = [];
  readonly #names = new Map<string, string>();
  readonly #numbers = { s: 0, c: 0 };
  #digest = 0x811c9dc5;

  constructor(keep: number) {
    this.#keep = keep;
  }

  /** Adds one line. */
  note(at: number, who: string, what: string): void {
    const line = `${stamp(at)}  ${who.padEnd(14)}  ${what}`;
    for (let index = 0; index < line.length; index++) this.mix(line.charCodeAt(index));
    this.#lines.push(line);
    if (this.#lines.length > 2 * this.#keep) this.#lines.splice(0, this.#keep);
  }

  /** FNV-1a, but a whole number at a time instead of a byte. */
  mix(number: number): void {
    this.#digest = Math.imul(this.#digest ^ number, 0x01000193);
  }

  /**
   * A short name for a random id, so that the trace and digest of a seed are the same each time.
   *
   * @param letter first letter of the name: `s` for sessions, `c` for calls
   */
  nameOf(id: string, letter: "s" | "c"): string {
    let name = this.#names.get(id);
    if (name === undefined) this.#names.set(id, (name = `${letter}${++this.#numbers[letter]}`));
    return name;
  }

  get last(): readonly string[] {
    return this.#keep === Infinity ? this.#lines : this.#lines.slice(-this.#keep);
  }

  /** Two runs in which the same happened have the same digest. */
  get digest(): string {
    return (this.#digest >>> 0).toString(16).padStart(8, "0");
  }
}

/** Minutes, seconds and milliseconds of simulated time. */
function stamp(at: number): string {
  const minutes = Math.floor(at / 60_000);
  return `${String(minutes).padStart(4)}:${(at / 1000 - minutes * 60).toFixed(3).padStart(6, "0")}`;
}
