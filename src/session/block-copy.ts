import {
  blockKey,
  type BlockChange,
  type BlockReading,
  type BlockRecord,
  type BlockTarget,
} from "../ports/block-list.js";

interface Kept {
  /** Undefined: this change has lifted the block. Kept until a reading of the list knows of the change. */
  readonly block: BlockRecord | undefined;
  /** Monotonic milliseconds. */
  readonly until: number;
  /** Number of the change that made it. */
  readonly number: number;
}

/**
 * One node's copy of the blocks, made from readings of the whole list and from changes that other nodes tell. A reading that
 * began before a change does not undo the change. Of two changes the later one counts, in whatever order they arrive. `now` is
 * in monotonic milliseconds.
 */
export class BlockCopy {
  #kept = new Map<string, Kept>();
  #generation: number | undefined;
  #latest = 0;
  #lastRead: BlockChange | undefined;

  /** Number of the latest change that this copy knows. */
  get latest(): number {
    return this.#latest;
  }

  /** What the last reading knew of. Changes before it are all known; of those after it some may have been missed. */
  get lastRead(): BlockChange | undefined {
    return this.#lastRead;
  }

  /** The block of exactly this target. */
  find(target: BlockTarget, now: number): BlockRecord | undefined {
    // Every hello and every join asks, and most services block nobody.
    if (this.#kept.size === 0) return undefined;
    const kept = this.#kept.get(blockKey(target));
    return kept && kept.until > now ? kept.block : undefined;
  }

  /** All blocks that last, with the time that is left of each. */
  all(now: number): BlockRecord[] {
    return [...this.#kept.values()].flatMap(({ block, until }) =>
      block && until > now ? [{ ...block, remainingMs: until - now }] : [],
    );
  }

  /**
   * A change has been made.
   *
   * @param block undefined when the block was lifted
   * @returns `unclear` when the change is of another generation: the list must be read
   */
  change(change: BlockChange, target: BlockTarget, block: BlockRecord | undefined, now: number): "known" | "unclear" {
    this.#generation ??= change.generation;
    if (change.generation !== this.#generation) return "unclear";
    this.#latest = Math.max(this.#latest, change.number);
    const key = blockKey(target);
    const before = this.#kept.get(key);
    if (!before || before.number < change.number) this.#kept.set(key, keptFrom(block, change.number, now));
    return "known";
  }

  /**
   * Takes over what a reading says.
   *
   * @param since {@link latest} when the reading began
   * @returns the blocks that this copy did not have; `lost` when the store has lost changes that this copy knows
   */
  replace({ change, blocks }: BlockReading, since: number, now: number): readonly BlockRecord[] | "lost" {
    const number = change?.number ?? 0;
    const isOther = this.#generation !== undefined && change?.generation !== this.#generation;
    if (isOther || number < since) return "lost";
    const before = this.#kept;
    this.#kept = new Map([...before].filter(([, kept]) => kept.number > number));
    this.#generation = change?.generation;
    this.#lastRead = change;
    this.#latest = Math.max(this.#latest, number);
    return blocks.filter((block) => {
      const key = blockKey(block);
      if (this.#kept.has(key)) return false;
      this.#kept.set(key, keptFrom(block, number, now));
      return before.get(key)?.block?.expiresAt !== block.expiresAt;
    });
  }

  /** The list has not changed since the last reading: forgets the blocks that have ended. */
  removeEnded(now: number): void {
    for (const [key, { until }] of this.#kept) if (until <= now) this.#kept.delete(key);
  }

  /** The next reading counts, whatever it says. */
  forgetChanges(): void {
    this.#generation = undefined;
    this.#lastRead = undefined;
    this.#latest = 0;
    for (const [key, { block, until }] of this.#kept) {
      if (block) this.#kept.set(key, { block, until, number: 0 });
      else this.#kept.delete(key);
    }
  }
}

function keptFrom(block: BlockRecord | undefined, number: number, now: number): Kept {
  return { block, until: block ? now + block.remainingMs : Infinity, number };
}
