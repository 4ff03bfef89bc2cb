import Type, { type Static } from "typebox";
import { UserStatus } from "../messages/call.js";
import { EpochMs, RoomId, UserId } from "../messages/shared.js";
import { EXAMPLES } from "./examples.js";
import { By, OrNull } from "./shared.js";

/** Whether a user can be called now. */
export const UserStatusView = Type.Object(
  { userId: Type.String(), status: UserStatus },
  { examples: [EXAMPLES.UserStatus] },
);
export type UserStatusView = Static<typeof UserStatusView>;

export const BlockedCallerList = Type.Object(
  { callers: Type.Array(Type.Object({ userId: Type.String() })) },
  { examples: [EXAMPLES.BlockedCallers] },
);
export type BlockedCallerList = Static<typeof BlockedCallerList>;

/** The longest block: ten years. */
export const MOST_BLOCKED_SECONDS = 10 * 366 * 86_400;

export const BlockWish = Type.Object(
  {
    seconds: Type.Integer({ minimum: 1, maximum: MOST_BLOCKED_SECONDS, description: "How long the block lasts" }),
    roomId: Type.Optional(RoomId),
  },
  { examples: [EXAMPLES.BlockWish] },
);
export type BlockWish = Static<typeof BlockWish>;

export const BlockFilter = Type.Object({ userId: Type.Optional(UserId), roomId: Type.Optional(RoomId) });
export type BlockFilter = Static<typeof BlockFilter>;

export const BlockView = Type.Object(
  {
    userId: Type.String(),
    roomId: OrNull(Type.String(), { description: "`null`: the user is blocked everywhere" }),
    blockedAt: EpochMs,
    expiresAt: EpochMs,
    by: By,
  },
  { examples: [EXAMPLES.Block] },
);
export type BlockView = Static<typeof BlockView>;

/** The block that ends first is first. */
export const BlockList = Type.Object({ blocks: Type.Array(BlockView) }, { examples: [EXAMPLES.Blocks] });
export type BlockList = Static<typeof BlockList>;
