import type { Bus } from "../ports/bus.js";

interface Followed {
  /** Reasons to follow the user. */
  reasons: number;
  /** Resolves when messages about the user arrive; undefined when they do already. */
  beginning: Promise<void> | undefined;
}

/**
 * The users of whom this node has to hear: those with a session here, those whom a session here watches, and those in a call that
 * is known here.
 */
export class FollowedUsers {
  readonly #bus: Pick<Bus, "follow" | "unfollow">;
  readonly #users = new Map<string, Followed>();

  constructor(bus: Pick<Bus, "follow" | "unfollow">) {
    this.#bus = bus;
  }

  get size(): number {
    return this.#users.size;
  }

  /** There is one more reason to hear of the user. */
  add(userId: string): void {
    const known = this.#users.get(userId);
    if (known) {
      known.reasons += 1;
      return;
    }
    const user: Followed = { reasons: 1, beginning: undefined };
    user.beginning = this.#bus.follow(userId).then(() => (user.beginning = undefined));
    this.#users.set(userId, user);
  }

  /** One of the reasons is gone. */
  remove(userId: string): void {
    const user = this.#users.get(userId);
    if (!user) return;
    user.reasons -= 1;
    if (user.reasons > 0) return;
    this.#users.delete(userId);
    void this.#bus.unfollow(userId);
  }

  /** Resolves when what is read from now on can't change any more without a message about it. */
  async heardOf(userId: string): Promise<void> {
    await this.#users.get(userId)?.beginning;
  }
}
