import { LastseenError } from "@lastseen/protocol";
import type { BlockedCallers } from "../ports/blocked-callers.js";

/** So many callers may be blocked by one user. */
const MOST_OF_CALLEE = 1_000;

/** The lists of those by whom users do not want to be called, for the API and the plugin. */
export class CallerLists {
  readonly #callers: BlockedCallers;
  readonly #most: number;

  /** @param most entries of all users together */
  constructor(callers: BlockedCallers, most: number) {
    this.#callers = callers;
    this.#most = most;
  }

  /** @throws LastseenError `overloaded` when a list is full or the store does not answer */
  async block(userId: string, callerId: string): Promise<void> {
    const limits = { ofCallee: MOST_OF_CALLEE, total: this.#most };
    if ((await asked(() => this.#callers.add(userId, callerId, limits))) === "added") return;
    throw new LastseenError(
      "overloaded",
      `The list is full: one user may block ${MOST_OF_CALLEE} callers, and all users together MAX_BLOCKED_CALLERS (${this.#most}).`,
    );
  }

  /** @returns `false` when the caller was not blocked. @throws LastseenError `overloaded` */
  unblock(userId: string, callerId: string): Promise<boolean> {
    return asked(() => this.#callers.remove(userId, callerId));
  }

  /** Sorted. @throws LastseenError `overloaded` */
  async of(userId: string): Promise<string[]> {
    return [...(await asked(() => this.#callers.of(userId)))].sort();
  }
}

async function asked<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (cause) {
    throw new LastseenError("overloaded", "The store of the calls does not answer at this moment; try again.", {
      cause,
    });
  }
}
