/** The users whose status mounted components show: watches each while at least one component does. */
import type { LastseenClient } from "@lastseen/client";
import { soon } from "./soon.js";

export class StatusWishes {
  readonly #client: LastseenClient;
  readonly #forgotten: () => void;
  readonly #counts = new Map<string, number>();
  readonly #watched = new Set<string>();
  readonly #settle = soon(() => this.#apply());

  /** @param forgotten called when the client has forgotten the status of users whom no component shows any more */
  constructor(client: LastseenClient, forgotten: () => void) {
    this.#client = client;
    this.#forgotten = forgotten;
    client.on("state", ({ state, previous }) => {
      // A client that stops forgets whom it watches.
      if (state === "disconnected") this.#watched.clear();
      if (previous === "disconnected") this.#settle();
    });
  }

  /** @returns a function that takes the wish back */
  add(userIds: readonly string[]): () => void {
    for (const userId of userIds) this.#counts.set(userId, (this.#counts.get(userId) ?? 0) + 1);
    this.#settle();
    return () => {
      for (const userId of userIds) {
        const count = (this.#counts.get(userId) ?? 1) - 1;
        if (count > 0) this.#counts.set(userId, count);
        else this.#counts.delete(userId);
      }
      this.#settle();
    };
  }

  #apply(): void {
    if (this.#client.stopError) return;
    const added = [...this.#counts.keys()].filter((userId) => !this.#watched.has(userId));
    const dropped = [...this.#watched].filter((userId) => !this.#counts.has(userId));
    for (const userId of added) this.#watched.add(userId);
    for (const userId of dropped) this.#watched.delete(userId);
    // A refusal leaves the status unknown, and the client repeats what got no answer.
    if (dropped.length > 0) {
      this.#client.calls.unwatch(dropped).catch(() => {});
      this.#forgotten();
    }
    if (added.length > 0) this.#client.calls.watch(added).catch(() => {});
  }
}
