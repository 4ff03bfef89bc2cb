import { addressKey } from "./address.js";
import type { Clock } from "./clock.js";
import { LogQuota } from "./log-quota.js";

/**
 * Why a client was turned away or cut off. `connections`: the node has all it can take; `address`: this address has all it may
 * have; `before_hello`: too many sockets have not said hello; `user`: this user has all sessions that one may have; `unread`:
 * it does not read; `rate`: it sends too much; `requests`: too many HTTP sockets wait without a finished request; `foreign`: a
 * foreign page asked the API that has no token.
 */
export const REFUSAL_REASONS = [
  "connections",
  "address",
  "before_hello",
  "user",
  "unread",
  "rate",
  "requests",
  "foreign",
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** Counts who was turned away, and logs it once for each reason, address (IPv6: network of 64 bits) and minute. */
export class Refusals {
  readonly counts = new Map<RefusalReason, number>();
  readonly #log: { warn(fields: object, message: string): void };
  readonly #clock: Pick<Clock, "mono">;
  readonly #quota = new LogQuota();

  constructor(options: { log: { warn(fields: object, message: string): void }; clock: Pick<Clock, "mono"> }) {
    this.#log = options.log;
    this.#clock = options.clock;
  }

  /**
   * @param address of the client, or of the proxy when `TRUSTED_PROXIES` does not name it
   * @param fields what else the log line says
   */
  count(why: RefusalReason, address: string | undefined, fields: object = {}): void {
    this.counts.set(why, (this.counts.get(why) ?? 0) + 1);
    const leftOut = this.#quota.take(`${why} ${addressKey(address ?? "")}`, this.#clock.mono());
    if (leftOut !== undefined)
      this.#log.warn({ why, address, ...fields, ...(leftOut > 0 ? { leftOut } : {}) }, "turned away");
  }
}
