import type {
  BlockedCallerList,
  BlockFilter,
  BlockList,
  BlockView,
  BlockWish,
  UserStatusView,
} from "@lastseen/protocol/http";
import { answerOf } from "./answers.js";
import { unlessUnknown } from "./api-error.js";
import { roomIdOf, userIdOf } from "./ids.js";
import type { CallOptions } from "./options.js";
import type { Requester } from "./requester.js";

/** The users: whether they can be called, and whom they do not want to be called by. */
export class UsersApi {
  readonly #requester: Requester;

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  /** Whether a user can be called now. A user whom the service has never seen is offline. */
  async status(userId: string, options: CallOptions = {}): Promise<UserStatusView> {
    const body = await this.#requester.ask("GET", ["api", "users", userIdOf(userId), "status"], options);
    return answerOf<UserStatusView>("GET /api/users/:userId/status", body);
  }

  /** By whom a user does not want to be called. */
  async blockedCallers(userId: string, options: CallOptions = {}): Promise<string[]> {
    const body = await this.#requester.ask("GET", ["api", "users", userIdOf(userId), "blocked-callers"], options);
    const { callers } = answerOf<BlockedCallerList>("GET /api/users/:userId/blocked-callers", body, ["callers"]);
    return callers.map((caller) => caller.userId);
  }

  /** The user's devices do not ring any more when this caller calls. The caller does not learn it. */
  async blockCaller(userId: string, callerId: string, options: CallOptions = {}): Promise<void> {
    await this.#requester.ask("PUT", pathOf(userId, callerId), options);
  }

  /** The caller's calls ring again. @returns `false` when the caller was not blocked by this user */
  async unblockCaller(userId: string, callerId: string, options: CallOptions = {}): Promise<boolean> {
    const lifted = this.#requester.ask("DELETE", pathOf(userId, callerId), options);
    return unlessUnknown(
      lifted.then(() => true),
      false,
    );
  }
}

function pathOf(userId: string, callerId: string): string[] {
  return ["api", "users", userIdOf(userId), "blocked-callers", userIdOf(callerId, "callerId")];
}

/** Users who may not come for a time, everywhere or in one room. */
export class BlocksApi {
  readonly #requester: Requester;

  constructor(requester: Requester) {
    this.#requester = requester;
  }

  /** Who is blocked; the block that ends first is first. */
  async list({ userId, roomId }: BlockFilter = {}, options: CallOptions = {}): Promise<BlockView[]> {
    const body = await this.#requester.ask("GET", ["api", "blocks"], { ...options, query: { userId, roomId } });
    return answerOf<BlockList>("GET /api/blocks", body, ["blocks"]).blocks;
  }

  /**
   * Blocks a user: the sessions end (with `roomId`: those in that room leave it), and new ones are refused. A later call for the
   * same user and room gives the block another end.
   */
  async block(userId: string, { seconds, roomId }: BlockWish, options: CallOptions = {}): Promise<BlockView> {
    const path = ["api", "users", userIdOf(userId), "block"];
    const body = roomId === undefined ? { seconds } : { seconds, roomId: roomIdOf(roomId) };
    const answer = await this.#requester.ask("PUT", path, { ...options, body });
    return answerOf<BlockView>("PUT /api/users/:userId/block", answer);
  }

  /** Lifts a block: the one of that room, or without `roomId` the one for everywhere. @returns `false` when there was none */
  async unblock(userId: string, { roomId }: { roomId?: string } = {}, options: CallOptions = {}): Promise<boolean> {
    const lifted = this.#requester.ask("DELETE", ["api", "users", userIdOf(userId), "block"], {
      ...options,
      query: { roomId },
    });
    return unlessUnknown(
      lifted.then(() => true),
      false,
    );
  }
}
