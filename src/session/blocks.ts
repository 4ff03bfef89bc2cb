/**
 * Which users may not come, on this node. A request that changes the list goes to the store, then into this node's copy, then to
 * the other nodes. The handlers ask the copy, in the same turn of the event loop in which they let somebody in, and whoever is
 * there already is told by `block_found` and ended (`reaper/enforce-blocks.ts`). So nobody slips in between.
 *
 *     HTTP, plugin -> store -> copy -> block_found -> sessions of the user end
 *                        |      ^ ^
 *                        |      | `- every 10 s, and when a message was lost: the whole list
 *                        `-> bus: the other nodes
 */
import { LastseenError } from "@lastseen/protocol";
import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import { Loop } from "../kernel/loop.js";
import type { BlockList, BlockRecord, BlockTarget } from "../ports/block-list.js";
import type { Bus } from "../ports/bus.js";
import type { Actor } from "./actor.js";
import { BlockCopy } from "./block-copy.js";
import type { LifecycleEvents } from "./events.js";

/** A node that has missed a message about a block learns of the block within this time, milliseconds. */
const READ_EVERY_MS = 10_000;

export class Blocks {
  readonly #clock: Clock;
  readonly #list: BlockList;
  readonly #bus: Bus;
  readonly #most: number;
  readonly #events: Emitter<LifecycleEvents>;
  readonly #copy = new BlockCopy();
  readonly #loop: Loop;
  readonly #unfollow: readonly (() => void)[];
  #reading: Promise<void> | undefined;
  #nextReading: Promise<void> | undefined;
  /** Readings that have failed since the store last answered. */
  #failures = 0;

  /** @param parts `most`: so many blocks may last at the same time */
  constructor(parts: { clock: Clock; list: BlockList; bus: Bus; most: number; events: Emitter<LifecycleEvents> }) {
    this.#clock = parts.clock;
    this.#list = parts.list;
    this.#bus = parts.bus;
    this.#most = parts.most;
    this.#events = parts.events;
    this.#loop = new Loop({
      clock: this.#clock,
      intervalMs: READ_EVERY_MS,
      task: () => this.refresh(),
      onError: (error) => this.#failed(error),
    });
    this.#unfollow = [
      this.#bus.on("message", ({ message }) => {
        if (message.type === "block") this.#changed(message.change, message.block, message.block);
        else if (message.type === "unblock") this.#changed(message.change, message, undefined);
      }),
      this.#bus.on("missed", () => this.#refreshSoon()),
    ];
  }

  /** Reads the list before anybody is let in, and again at regular intervals. Without an answer the service begins without it. */
  async start(): Promise<void> {
    await this.#loop.runNow();
  }

  /** Blocks that last, of all nodes. */
  get size(): number {
    return this.#copy.all(this.#clock.mono()).length;
  }

  /** The block because of which the user may not be in that room; without a room: not at all. */
  find({ userId, roomId }: { userId: string; roomId?: string | undefined }): BlockRecord | undefined {
    const now = this.#clock.mono();
    const everywhere = this.#copy.find({ userId }, now);
    return everywhere ?? (roomId === undefined ? undefined : this.#copy.find({ userId, roomId }, now));
  }

  /** @throws LastseenError `blocked` when the user may not be in that room; without a room: not at all */
  assertNone(target: { userId: string; roomId?: string }): void {
    const block = this.find(target);
    if (block) throw blockedBy(block);
  }

  /**
   * Blocks a user from now on, also if the user is blocked already. The user's sessions on this node have ended when this
   * resolves; those on other nodes end when the message arrives there.
   *
   * @throws LastseenError `overloaded` when the list is full or the store does not answer
   */
  async block(target: BlockTarget, durationMs: number, by: Actor): Promise<BlockRecord> {
    const outcome = await this.#ask(() => this.#list.put({ ...target, durationMs, by }, this.#most));
    if (outcome.kind === "full") {
      throw new LastseenError("overloaded", `MAX_BLOCKS (${this.#most}) blocks last already: lift some, or raise it.`);
    }
    const { change, block } = outcome;
    this.#events.emit("user_blocked", { block });
    this.#bus.send("all", { type: "block", change, block });
    this.#changed(change, block, block);
    return block;
  }

  /** @throws LastseenError `not_found` when there is no such block, `overloaded` when the store does not answer */
  async unblock(target: BlockTarget, by: Actor): Promise<void> {
    const outcome = await this.#ask(() => this.#list.remove(target));
    if (outcome.kind === "unknown") throw new LastseenError("not_found", "There is no such block, or it has ended.");
    this.#events.emit("user_unblocked", { ...target, by });
    this.#bus.send("all", { type: "unblock", change: outcome.change, ...target });
    this.#changed(outcome.change, target, undefined);
  }

  /** All blocks that last, the one that ends first is first. Without an answer of the store: those that this node knows. */
  async all(): Promise<BlockRecord[]> {
    await this.refresh().catch((error: unknown) => this.#failed(error));
    return this.#copy.all(this.#clock.mono()).toSorted((a, b) => a.expiresAt - b.expiresAt);
  }

  /** Reads the whole list. The reading begins after this call, so it knows of every change that was made before. */
  refresh(): Promise<void> {
    this.#nextReading ??= (this.#reading ?? Promise.resolve())
      .catch(() => undefined)
      .then(() => {
        this.#reading = this.#nextReading;
        this.#nextReading = undefined;
        return this.#read();
      });
    return this.#nextReading;
  }

  async close(): Promise<void> {
    for (const unfollow of this.#unfollow) unfollow();
    await this.#loop.close();
    await this.#reading?.catch(() => undefined);
  }

  async #read(): Promise<void> {
    const found = await this.#readList();
    if (this.#failures > 0) this.#events.emit("block_list_recovered", { failures: this.#failures });
    this.#failures = 0;
    for (const block of found) this.#events.emit("block_found", { block });
  }

  /** @returns the blocks that this node did not know */
  async #readList(): Promise<readonly BlockRecord[]> {
    const { latest, lastRead } = this.#copy;
    const reading = await this.#list.read(lastRead);
    const now = this.#clock.mono();
    if (reading === "unchanged") {
      this.#copy.removeEnded(now);
      return [];
    }
    const found = this.#copy.replace(reading, latest, now);
    if (found !== "lost") return found;
    await this.#list.restore(this.#copy.all(now));
    this.#copy.forgetChanges();
    return this.#readList();
  }

  #changed(change: Parameters<BlockCopy["change"]>[0], target: BlockTarget, block: BlockRecord | undefined): void {
    const outcome = this.#copy.change(change, target, block, this.#clock.mono());
    if (outcome === "unclear") this.#refreshSoon();
    if (block && this.find(block)) this.#events.emit("block_found", { block });
  }

  #refreshSoon(): void {
    this.refresh().catch((error: unknown) => this.#failed(error));
  }

  #failed(error: unknown): void {
    this.#failures += 1;
    this.#events.emit("block_list_failed", { error });
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (cause) {
      throw new LastseenError("overloaded", "The list of blocks can't be changed at this moment; try again.", {
        cause,
      });
    }
  }
}

/** What a blocked user is told. */
export function blockedBy({ roomId, expiresAt }: BlockRecord): LastseenError {
  const where = roomId === undefined ? "" : " from this room";
  const message = `An operator has blocked you${where} until ${new Date(expiresAt).toISOString()}.`;
  return new LastseenError("blocked", message, { data: { expiresAt } });
}
