/**
 * The users whom operators have blocked, for all nodes of one service. A block ends by itself: the store's clock decides when.
 * Each node keeps a copy of the list (`session/blocks.ts`), so the list tells how it changes: every change has the next number
 * of the list's generation. A store that has lost its data begins another generation.
 */
import Type, { type Static } from "typebox";
import { EpochMs, Shape, UserId, RoomId } from "@lastseen/protocol";

/** Whom a block concerns: a user everywhere, or in one room. */
export interface BlockTarget {
  readonly userId: string;
  /** Undefined: everywhere. */
  readonly roomId?: string;
}

export const BlockRecord = Shape({
  userId: UserId,
  /** Missing: everywhere. */
  roomId: Type.Optional(RoomId),
  /** When it began, and when it ends. For people: decisions use `remainingMs`. */
  blockedAt: EpochMs,
  expiresAt: EpochMs,
  /** How long it still lasts, milliseconds. */
  remainingMs: Type.Number(),
  /** Who asked for it; see `session/actor.ts`. */
  by: Shape({ name: Type.String(), address: Type.Optional(Type.String()) }),
});
export type BlockRecord = Static<typeof BlockRecord>;

export const BlockChange = Shape({ generation: Type.Number(), number: Type.Integer() });
/** Which change of the list this was. Of two changes of one generation, the one with the larger number is the later one. */
export type BlockChange = Static<typeof BlockChange>;

export type NewBlock = Pick<BlockRecord, "by"> & BlockTarget & { readonly durationMs: number };

export type PutOutcome =
  { readonly kind: "put"; readonly change: BlockChange; readonly block: BlockRecord } | { readonly kind: "full" };
export type RemoveOutcome = { readonly kind: "removed"; readonly change: BlockChange } | { readonly kind: "unknown" };

export interface BlockReading {
  readonly change: BlockChange | undefined;
  readonly blocks: readonly BlockRecord[];
}

/** Every method rejects when the store does not answer. */
export interface BlockList {
  /**
   * Adds a block, or gives the block of this target another end.
   *
   * @param most when the list has so many blocks of other targets, it is `full`
   */
  put(block: NewBlock, most: number): Promise<PutOutcome>;
  remove(target: BlockTarget): Promise<RemoveOutcome>;
  /**
   * All blocks that have not ended, and the latest change. `change` is undefined if there never was a block.
   *
   * @param known the change that the last reading gave; if it is still the latest one, the list is `unchanged`
   */
  read(known: BlockChange | undefined): Promise<BlockReading | "unchanged">;
  /** Adds the blocks whose targets the list does not have: the store had lost them. They end when they would have ended. */
  restore(blocks: readonly BlockRecord[]): Promise<void>;
}

/** The target as one text. No id contains a control character. */
export function blockKey({ userId, roomId = "" }: BlockTarget): string {
  return `${userId}\n${roomId}`;
}
