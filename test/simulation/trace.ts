/** What happened last, for people who have to understand a failure, and a digest of all of it. */
export class Trace {
  readonly #keep: number;
  readonly #lines: string[] = [];
  readonly #names = new Map<string, string>();
  readonly #numbers = { s: 0, c: 0 };
  #digest = 0x811c9dc5;

  constructor(keep: number) {
    this.#keep = keep;
  }

  /** Writes one line down. */
  note(at: number, who: string, what: string): void {
    const line = `${stamp(at)}  ${who.padEnd(14)}  ${what}`;
    for (let index = 0; index < line.length; index++) this.mix(line.charCodeAt(index));
    this.#lines.push(line);
    if (this.#lines.length > 2 * this.#keep) this.#lines.splice(0, this.#keep);
  }

  /** FNV-1a, a word at a time. */
  mix(number: number): void {
    this.#digest = Math.imul(this.#digest ^ number, 0x01000193);
  }

  /**
   * A short name for an id that chance has made, so that a run reads and digests the same each time.
   *
   * @param letter before its number: `s` of sessions, `c` of calls
   */
  nameOf(id: string, letter: "s" | "c"): string {
    let name = this.#names.get(id);
    if (name === undefined) this.#names.set(id, (name = `${letter}${++this.#numbers[letter]}`));
    return name;
  }

  get last(): readonly string[] {
    return this.#keep === Infinity ? this.#lines : this.#lines.slice(-this.#keep);
  }

  /** The same for two runs in which the same happened. */
  get digest(): string {
    return (this.#digest >>> 0).toString(16).padStart(8, "0");
  }
}

/** Minutes, seconds and milliseconds of simulated time. */
function stamp(at: number): string {
  const minutes = Math.floor(at / 60_000);
  return `${String(minutes).padStart(4)}:${(at / 1000 - minutes * 60).toFixed(3).padStart(6, "0")}`;
}
