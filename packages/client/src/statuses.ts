/**
 * Who of the users that are watched is available. Watching is a wish: it outlives lines and sessions, and what could not be
 * asked for, or was asked for in vain, is asked for again.
 */
import type { ReplyData, UserStatus } from "@lastseen/protocol";
import type { Emitter } from "./emitter.js";
import type { Timers } from "./environment.js";
import type { ClientEvents } from "./events.js";
import type { Connection } from "./connection.js";
import { lostOnTheWay } from "./request-error.js";

/** After this time statuses that could not be asked for are asked for again. */
const AGAIN_MS = 5_000;
/** Most users that one request may name. */
const AT_ONCE = 100;

export class Statuses {
  readonly #connection: Connection;
  readonly #timers: Timers;
  readonly #events: Emitter<ClientEvents>;
  readonly #watched = new Set<string>();
  /** Not watched any more, which the service has not confirmed. */
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
      if (lostOnTheWay(error)) this.#againLater();
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
      if (!lostOnTheWay(error)) throw error;
      this.#againLater();
    });
  }

  /** The service may know nothing of the wishes: there is a new line, or another session. */
  again(): void {
    this.#timers.clear(this.#timer);
    if (this.#unwatched.size > 0) this.#tellUnwatched().catch(() => this.#againLater());
    if (this.#watched.size > 0) this.#ask([...this.#watched]).catch(() => this.#againLater());
  }

  /** The service has told the statuses. */
  learn({ statuses }: ReplyData<"watchStatus">): void {
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
    const rest = userIds.slice(AT_ONCE);
    this.learn(await this.#connection.request("watchStatus", { userIds: userIds.slice(0, AT_ONCE) }));
    if (rest.length > 0) await this.#ask(rest);
  }

  async #tellUnwatched(): Promise<void> {
    const userIds = [...this.#unwatched].slice(0, AT_ONCE);
    const done = () => {
      for (const userId of userIds) this.#unwatched.delete(userId);
    };
    await this.#connection.request("unwatchStatus", { userIds }).then(done, (error: unknown) => {
      if (!lostOnTheWay(error)) done();
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

  #againLater(): void {
    // Without a line there is a hello to come, which does this, too.
    if (this.#connection.state !== "connected") return;
    this.#timers.clear(this.#timer);
    this.#timer = this.#timers.set(AGAIN_MS, () => this.again());
  }
}
