/**
 * The users that this node follows, in Redis. The entries stand under the node's lease, so they go with the lease. While they are
 * not all there (a new lease, a lost key), the lease has no mark, and the node gets the messages about all users. A Redis that has
 * gone back to older data has the mark, but not the latest entries: so each look counts them, and after an outage it reads them all.
 */
import { delay, type Clock } from "../kernel/clock.js";
import { Emitter } from "../kernel/emitter.js";
import type { LeaseId } from "../ports/lease-id.js";
import type { RedisLink } from "./link.js";
import { MessageNumbers } from "./message-numbers.js";
import { readPages } from "./pages.js";
import { integer, list, oneOf, text } from "./replies.js";
import { loadScript } from "./script.js";
import { readId, storedId } from "./stored-text.js";

const FOLLOW = loadScript("follow-users");
const CHECK = loadScript("check-following");
const OWN_FOLLOWED = loadScript("own-followed");

/** So many users are written by one script. Redis does nothing else while it runs. */
const PAGE = 500;
/** To hear no more of a user is not urgent. It goes with what is written next, and is written after this time at the latest. */
const UNFOLLOW_WITHIN_MS = 1_000;

interface FollowingEvents {
  /** Messages about users did not arrive, or may not have arrived. */
  missed: undefined;
}

export class Following {
  readonly #link: RedisLink;
  readonly #clock: Clock;
  readonly #lease: () => LeaseId | undefined;
  readonly #events: Emitter<FollowingEvents>;
  readonly #numbers = new MessageNumbers();
  readonly #users = new Set<string>();
  /** Users for whom the next batch makes the entries right. */
  #changed = new Set<string>();
  #nextBatch: Promise<void> | undefined;
  /** Resolves when the users are written of whom this node wants to hear no more. */
  #unfollowing: Promise<void> | undefined;
  /** Number of entries in Redis; undefined when they may be wrong: a write has failed, or Redis was away. */
  #entries: number | undefined;
  /** Messages may not have arrived. That is told when they do arrive again. */
  #mayHaveMissed = false;
  #lastWork: Promise<unknown> = Promise.resolve();
  /** The lease that has its marks. */
  #marked: LeaseId | undefined;
  /** Keys that are lost, and that no look has told yet. */
  readonly #lost = new Set<string>();

  /** @param parts `lease`: under which this node writes; undefined while it has none */
  constructor(parts: {
    link: RedisLink;
    clock: Clock;
    lease: () => LeaseId | undefined;
    onListenerError: (error: unknown, event: PropertyKey) => void;
  }) {
    this.#link = parts.link;
    this.#clock = parts.clock;
    this.#lease = parts.lease;
    this.#events = new Emitter(parts.onListenerError);
    // Both live as long as the store.
    parts.link.on("down", () => (this.#entries = undefined));
  }

  on<K extends keyof FollowingEvents>(event: K, listener: (payload: FollowingEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  /** Whether this node follows anybody. */
  get some(): boolean {
    return this.#users.size > 0;
  }

  /** Never rejects: see {@link Bus.follow}. */
  follow(userId: string): Promise<void> {
    this.#users.add(userId);
    this.#changed.add(userId);
    return this.#writeChanges();
  }

  /** Never rejects. The user's entries go with the next batch. */
  unfollow(userId: string): Promise<void> {
    this.#users.delete(userId);
    this.#changed.add(userId);
    this.#unfollowing ??= delay(this.#clock, UNFOLLOW_WITHIN_MS).then(async () => {
      this.#unfollowing = undefined;
      await (this.#changed.size > 0 ? this.#writeChanges() : this.#lastWork);
    });
    return this.#unfollowing;
  }

  /** A message about users has arrived, with its number. */
  arrived(numbered: { lease: string; nth: number }): void {
    if (this.#numbers.arrived(numbered.lease, numbered.nth)) this.#events.emit("missed", undefined);
  }

  /** The subscription was broken. What was sent meanwhile is lost. */
  broken(): void {
    this.#numbers.broken();
  }

  /**
   * Compares what this node follows with the indexes, and writes what is missing. Rejects when Redis does not answer.
   *
   * @returns names of the keys that Redis has lost
   */
  check(): Promise<readonly string[]> {
    // Otherwise the look would find more entries than there are users.
    if (this.#changed.size > 0) void this.#writeChanges();
    return this.#inTurn(async () => {
      await this.#compare();
      const found = [...this.#lost];
      this.#lost.clear();
      return found;
    });
  }

  /** All changes until the batch before has ended go together. */
  #writeChanges(): Promise<void> {
    this.#nextBatch ??= this.#inTurn(async () => {
      this.#nextBatch = undefined;
      const changed = this.#changed;
      this.#changed = new Set();
      const lease = this.#lease();
      const entries = this.#users.size;
      if (lease && (await this.#write(lease, changed))) {
        if (this.#entries !== undefined) this.#entries = entries;
      } else {
        // The check tries again.
        this.#entries = undefined;
        this.#mayHaveMissed = true;
      }
    });
    return this.#nextBatch;
  }

  async #compare(): Promise<void> {
    const lease = this.#lease();
    if (lease === undefined) return;
    const [kind, ...rest] = list(await this.#link.run(CHECK, [lease, "look", ""]));
    switch (oneOf(kind, "no_lease", "whole", "missing")) {
      case "no_lease":
        return;
      case "whole":
        this.#marked = lease;
        if (this.#numbers.compared(lease, integer(rest[0]))) this.#events.emit("missed", undefined);
        if (integer(rest[1]) !== this.#entries) await this.#mend(lease);
        return;
      case "missing":
        // A lease that has just begun has no marks yet, and nothing is lost.
        if (lease === this.#marked) for (const name of rest) this.#lost.add(text(name));
        await this.#writeAll(lease);
    }
  }

  /** Compares what this node follows with all its entries, and makes right what differs. */
  async #mend(lease: LeaseId): Promise<void> {
    const stored = new Set((await readPages(this.#link, OWN_FOLLOWED, lease)).map((user) => readId(text(user))));
    const users = [...this.#users];
    // What has changed meanwhile is not wrong: the next batch writes it.
    const wrong = [
      ...users.filter((userId) => !stored.has(userId)),
      ...[...stored].filter((userId) => !this.#users.has(userId)),
    ].filter((userId) => !this.#changed.has(userId));
    this.#mayHaveMissed ||= wrong.length > 0;
    if (await this.#write(lease, wrong)) this.#written(users.length);
  }

  /** Writes all entries, and then the marks. */
  async #writeAll(lease: LeaseId): Promise<void> {
    const users = [...this.#users];
    this.#entries = undefined;
    this.#mayHaveMissed ||= users.length > 0;
    if (!(await this.#write(lease, users))) return;
    const sample = users.find((userId) => this.#users.has(userId));
    const reply = await this.#link.run(CHECK, [lease, "written", sample === undefined ? "" : storedId(sample)]);
    const [kind, number] = list(reply);
    if (kind !== "whole") return;
    this.#marked = lease;
    this.#numbers.compared(lease, integer(number));
    this.#written(users.length);
  }

  #written(entries: number): void {
    this.#entries = entries;
    if (this.#mayHaveMissed) this.#events.emit("missed", undefined);
    this.#mayHaveMissed = false;
  }

  /** Makes the entries of these users right. Never rejects. @returns whether Redis has done it */
  async #write(lease: LeaseId, users: Iterable<string>): Promise<boolean> {
    const isFollowed = (userId: string): boolean => this.#users.has(userId);
    const all = [...users];
    const followed = all.filter(isFollowed);
    const ordered = [...followed, ...all.filter((userId) => !isFollowed(userId))].map(storedId);
    try {
      for (let from = 0; from < ordered.length; from += PAGE) {
        const page = ordered.slice(from, from + PAGE);
        const toFollow = Math.min(Math.max(followed.length - from, 0), page.length);
        const [kind] = list(await this.#link.run(FOLLOW, [lease, toFollow, ...page]));
        if (kind !== "written") return false;
      }
      return true;
    } catch {
      // The link counts the failure.
      return false;
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#lastWork.then(work);
    this.#lastWork = done.catch(() => undefined);
    return done;
  }
}
