import { LastseenError } from "@lastseen/protocol";
import type { Clock } from "../../kernel/clock.js";
import type { Refusals } from "../../kernel/refusals.js";
import { WindowLimit } from "../../kernel/window-limit.js";

/** A user may begin so many sessions in a minute. A page that is reloaded goes on with its session. */
const MOST_BEGUN = 120;
const WINDOW_MS = 60_000;

/** How many sessions one user may have on this node, and how many they may begin in a minute. */
export class UserLimit {
  readonly #clock: Pick<Clock, "mono">;
  readonly #most: number;
  readonly #sessionsOf: (userId: string) => number;
  readonly #refusals: Refusals;
  readonly #begun = new WindowLimit({ most: MOST_BEGUN, windowMs: WINDOW_MS });

  constructor(options: {
    clock: Pick<Clock, "mono">;
    most: number;
    sessionsOf: (userId: string) => number;
    refusals: Refusals;
  }) {
    this.#clock = options.clock;
    this.#most = options.most;
    this.#sessionsOf = options.sessionsOf;
    this.#refusals = options.refusals;
  }

  /**
   * A session of this user is about to begin.
   *
   * @throws LastseenError `rate_limited`
   */
  assertMayBegin(userId: string, address: string | undefined): void {
    if (this.#sessionsOf(userId) >= this.#most) {
      this.#refusals.count("user", address, { userId });
      throw new LastseenError("rate_limited", `This user has ${this.#most} sessions; end one of them first.`);
    }
    if (!this.#begun.allow(userId, this.#clock.mono())) {
      this.#refusals.count("user", address, { userId });
      throw new LastseenError("rate_limited", `This user began ${MOST_BEGUN} sessions within a minute; wait a moment.`);
    }
  }
}
