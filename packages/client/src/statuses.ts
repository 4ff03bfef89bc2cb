/**
 * Which of the watched users are available. The list of watched users outlives connections and sessions, and the client
 * repeats requests that got no answer.
 */
import type { ReplyData, UserStatus } from "@lastseen/protocol";
import type { Emitter } from "./emitter.js";
import type { Timers } from "./environment.js";
import type { ClientEvents } from "./events.js";
import type { Connection } from "./connection.js";
import { outcomeUnknown } from "./request-error.js";

/** After how long the client asks again. */
const RETRY_MS = 5_000;
/** How many users one request may name. */
const MAX_PER_REQUEST = 100;

export class Statuses {
  readonly #connection: Connection;
  readonly #timers: Timers;
  readonly #events: Emitter<ClientEvents>;
  readonly #watched = new Set<string>();
  /** No longer watched, which the service has not confirmed yet. */
  readonly #unwatched = new Set<string>();
  readonly #known = new Map<string, UserStatus>();
  #timer: unknown;

  constructor(parts: { connection: Connection; timers: Timers; events: Emitter<ClientEvents> }) {
    this.#connection = parts.connection;
    this.#timers = parts.timers;
    this.#events = parts.events;
  }

  get known(): ReadonlyMap<string, UserStatus> {
    return this.#known;
  }

  /** @throws RequestError the service's refusal */
  async watch(userIds: readonly string[]): Promise<ReadonlyMap<string, UserStatus>> {
    const added = userIds.filter((userId) => !this.#watched.has(userId));
    for (const userId of added) this.#watched.add(userId);
    for (const userId of userIds) this.#unwatched.delete(userId);
    try {
      await this.#ask(userIds);
    } catch (error) {
      if (outcomeUnknown(error)) this.#askAgainLater();
      else {
        this.#forget(added);
        throw error;
      }
    }
    return this.#known;
  }

  /** @throws RequestError the service's refusal */
  async unwatch(userIds: readonly string[]): Promise<void> {
    this.#forget(userIds);
    for (const userId of userIds) this.#unwatched.add(userId);
    await this.#tellUnwatched().catch((error: unknown) => {
      if (!outcomeUnknown(error)) throw error;
      this.#askAgainLater();
    });
  }

  /** To be called after a reconnect or a transfer, because the service may not know the list any more. */
  askAgain(): void {
    this.#timers.clear(this.#timer);
    if (this.#unwatched.size > 0) this.#tellUnwatched().catch(() => this.#askAgainLater());
    if (this.#watched.size > 0) this.#ask([...this.#watched]).catch(() => this.#askAgainLater());
  }

  /** Takes statuses from an answer or an event. */
  apply({ statuses }: ReplyData<"watchStatus">): void {
    const wanted = statuses.filter(({ userId }) => this.#watched.has(userId));
    if (wanted.length === 0) return;
    for (const { userId, status } of wanted) this.#known.set(userId, status);
    this.#events.emit("statuses", this.#known);
  }

  stop(): void {
    this.#timers.clear(this.#timer);
    this.#forget([...this.#watched]);
    this.#unwatched.clear();
  }

  async #ask(userIds: readonly string[]): Promise<void> {
    const rest = userIds.slice(MAX_PER_REQUEST);
    this.apply(await this.#connection.request("watchStatus", { userIds: userIds.slice(0, MAX_PER_REQUEST) }));
    if (rest.length > 0) await this.#ask(rest);
  }

  async #tellUnwatched(): Promise<void> {
    const userIds = [...this.#unwatched].slice(0, MAX_PER_REQUEST);
    const done = () => {
      for (const userId of userIds) this.#unwatched.delete(userId);
    };
    await this.#connection.request("unwatchStatus", { userIds }).then(done, (error: unknown) => {
      if (!outcomeUnknown(error)) done();
      throw error;
    });
    if (this.#unwatched.size > 0) await this.#tellUnwatched();
  }

  #forget(userIds: readonly string[]): void {
    for (const userId of userIds) {
      this.#watched.delete(userId);
      this.#known.delete(userId);
    }
  }

  #askAgainLater(): void {
    // Without a connection the next hello leads to the same request.
    if (this.#connection.state !== "connected") return;
    this.#timers.clear(this.#timer);
    this.#timer = this.#timers.set(RETRY_MS, () => this.askAgain());
  }
}
