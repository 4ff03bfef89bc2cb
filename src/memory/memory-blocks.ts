import type { Clock } from "../kernel/clock.js";
import type {
  BlockChange,
  BlockList,
  BlockRecord,
  BlockTarget,
  NewBlock,
  PutOutcome,
  RemoveOutcome,
} from "../ports/block-list.js";

interface Stored {
  readonly block: Omit<BlockRecord, "remainingMs">;
  /** Monotonic milliseconds. */
  readonly until: number;
}

/** The blocks of the nodes in one process. They end with the process. */
export class MemoryBlocks implements BlockList {
  readonly #clock: Clock;
  /** By target. */
  readonly #blocks = new Map<string, Stored>();
  #changes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async put({ durationMs, ...block }: NewBlock, most: number): Promise<PutOutcome> {
    this.#removeEnded();
    const key = keyOf(block);
    if (!this.#blocks.has(key) && this.#blocks.size >= most) return { kind: "full" };
    const blockedAt = Math.round(this.#clock.wall());
    const stored = {
      block: { ...block, blockedAt, expiresAt: blockedAt + durationMs },
      until: this.#clock.mono() + durationMs,
    };
    this.#blocks.set(key, stored);
    return { kind: "put", change: this.#changed(), block: this.#view(stored) };
  }

  async remove(target: BlockTarget): Promise<RemoveOutcome> {
    this.#removeEnded();
    if (!this.#blocks.delete(keyOf(target))) return { kind: "unknown" };
    return { kind: "removed", change: this.#changed() };
  }

  async read(known: BlockChange | undefined): ReturnType<BlockList["read"]> {
    this.#removeEnded();
    if (known?.number === this.#changes) return "unchanged";
    const change = this.#changes === 0 ? undefined : this.#latest();
    return { change, blocks: [...this.#blocks.values()].map((stored) => this.#view(stored)) };
  }

  async restore(blocks: readonly BlockRecord[]): Promise<void> {
    this.#removeEnded();
    for (const { remainingMs, ...block } of blocks) {
      if (remainingMs <= 0 || this.#blocks.has(keyOf(block))) continue;
      this.#blocks.set(keyOf(block), { block, until: this.#clock.mono() + remainingMs });
      this.#changed();
    }
  }

  #changed(): BlockChange {
    this.#changes += 1;
    return this.#latest();
  }

  #latest(): BlockChange {
    return { generation: 1, number: this.#changes };
  }

  #view({ block, until }: Stored): BlockRecord {
    return { ...block, remainingMs: until - this.#clock.mono() };
  }

  #removeEnded(): void {
    const now = this.#clock.mono();
    for (const [key, { until }] of this.#blocks) if (until <= now) this.#blocks.delete(key);
  }
}

/** No id contains a control character. */
function keyOf({ userId, roomId = "" }: BlockTarget): string {
  return `${userId}\n${roomId}`;
}
