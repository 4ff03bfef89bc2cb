import { backOff, type BackOff } from "../kernel/back-off.js";
import { addressKey } from "../kernel/address.js";
import type { Clock } from "../kernel/clock.js";
import { LogQuota } from "../kernel/log-quota.js";

/** The setting whose token was guessed. */
export type GuessedSetting = "ADMIN_TOKEN" | "METRICS_TOKEN" | "AGENT_TOKEN";

/** The answer to a wrong token comes after `delayMs`; or it is a refusal, and the next guess is looked at after `retryAfterMs`. */
export type GuessOutcome = { kind: "delayed"; delayMs: number } | { kind: "refused"; retryAfterMs: number };

/** The first wrong token of an address is answered at once: it may be a slip. Further ones wait 100, 200, 400 and 800 ms. */
const DELAY: BackOff = { firstMs: 100, mostMs: 800, jitter: 0 };
/** After so many wrong tokens an address is refused. */
const MOST_GUESSES = 5;
/** The service forgets the wrong tokens of an address so long after the last one that it looked at. */
const FORGET_AFTER_MS = 60_000;

interface Guesses {
  /** Wrong tokens that were not refused. */
  count: number;
  /** Monotonic milliseconds. */
  lastAt: number;
}

/**
 * Slows down those who guess the tokens of operators. Each wrong token of an address is answered later than the one before,
 * then the address is refused for a minute. The guard asks only about wrong tokens: the right token is let in at once.
 *
 * Invariant: `#guesses` is ordered by `lastAt`, and has at most `maxAddresses` addresses.
 */
export class AdminGuesses {
  readonly #log: { warn(fields: object, message: string): void };
  readonly #clock: Pick<Clock, "mono">;
  readonly #counted: (setting: GuessedSetting) => void;
  readonly #maxAddresses: number;
  readonly #quota = new LogQuota();
  readonly #guesses = new Map<string, Guesses>();

  constructor(options: {
    log: { warn(fields: object, message: string): void };
    clock: Pick<Clock, "mono">;
    /** Is called with every guess. */
    counted: (setting: GuessedSetting) => void;
    /** When more addresses than this have guessed, the service forgets the one that has been quiet for longest. */
    maxAddresses?: number;
  }) {
    this.#log = options.log;
    this.#clock = options.clock;
    this.#counted = options.counted;
    this.#maxAddresses = options.maxAddresses ?? 10_000;
  }

  /** Addresses whose guesses are remembered. */
  get size(): number {
    return this.#guesses.size;
  }

  /** Counts a wrong token, and logs it once for each setting, address and minute. */
  count(setting: GuessedSetting, address: string): GuessOutcome {
    const now = this.#clock.mono();
    const key = addressKey(address);
    this.#counted(setting);
    const leftOut = this.#quota.take(`${setting} ${key}`, now);
    if (leftOut !== undefined)
      this.#log.warn({ setting, address, ...(leftOut > 0 ? { leftOut } : {}) }, "wrong admin token");
    this.#forget(now);
    const before = this.#guesses.get(key);
    if (before && before.count >= MOST_GUESSES) {
      return { kind: "refused", retryAfterMs: before.lastAt + FORGET_AFTER_MS - now };
    }
    const count = (before?.count ?? 0) + 1;
    this.#remember(key, { count, lastAt: now });
    return { kind: "delayed", delayMs: count === 1 ? 0 : backOff(count - 1, DELAY) };
  }

  #remember(key: string, guesses: Guesses): void {
    this.#guesses.delete(key);
    this.#guesses.set(key, guesses);
    const [oldest] = this.#guesses.keys();
    if (this.#guesses.size > this.#maxAddresses && oldest !== undefined) this.#guesses.delete(oldest);
  }

  #forget(now: number): void {
    for (const [key, { lastAt }] of this.#guesses) {
      if (now - lastAt < FORGET_AFTER_MS) return;
      this.#guesses.delete(key);
    }
  }
}
