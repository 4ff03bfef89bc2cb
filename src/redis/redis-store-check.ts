import { CALL_HOLD_MS } from "../ports/call-store.js";
import type { LeaseId } from "../ports/lease-id.js";
import type { StoreCheck } from "../ports/store-check.js";
import type { Following } from "./following.js";
import type { RedisDirectory } from "./redis-directory.js";
import { KEPT } from "./redis-event-log.js";
import { integer, list, oneOf, text } from "./replies.js";
import type { Runner } from "./runner.js";
import { loadScript } from "./script.js";

const CHECK = loadScript("check-keys");

/** Finds lost keys of Redis with marks and samples: its work does not grow with the number of sessions. */
export class RedisStoreCheck implements StoreCheck {
  readonly #link: Runner;
  readonly #directory: RedisDirectory;
  readonly #following: Pick<Following, "check"> | undefined;
  /** The lease that has its marks. */
  #marked: LeaseId | undefined;
  /** The log of events when it was last looked at. */
  #log = { length: 0, first: "" };
  /** The receipt in the latest answer. Redis repeats what it has found until it gets the receipt. */
  #receipt = "";
  /** What was found and not told yet: a look whose last part failed has told nothing, and the next one does not find it again. */
  readonly #lost = new Set<string>();

  /** @param following undefined for a shard: who hears of whom is not divided */
  constructor(link: Runner, directory: RedisDirectory, following?: Pick<Following, "check">) {
    this.#link = link;
    this.#directory = directory;
    this.#following = following;
  }

  async run(): Promise<readonly string[]> {
    const { lease, leaseMs } = this.#directory;
    if (lease === undefined) return [];
    const time = lease === this.#marked ? "again" : "first";
    const args = [lease, leaseMs, time, CALL_HOLD_MS, this.#receipt];
    const [kind, length, first, receipt, ...lost] = list(await this.#link.run(CHECK, args));
    if (oneOf(kind, "checked", "no_lease") === "no_lease") return [];
    this.#marked = lease;
    this.#receipt = text(receipt);
    if (this.#isLogLost(integer(length), text(first))) lost.push("events");
    for (const name of lost) this.#lost.add(text(name));
    for (const name of (await this.#following?.check()) ?? []) this.#lost.add(name);
    const found = [...this.#lost].toSorted();
    this.#lost.clear();
    return found;
  }

  /** The log removes its oldest events only when it is full. A node of an older build keeps half as many. */
  #isLogLost(length: number, first: string): boolean {
    const before = this.#log;
    this.#log = { length, first };
    return before.length > 0 && first !== before.first && length < KEPT / 2;
  }
}
