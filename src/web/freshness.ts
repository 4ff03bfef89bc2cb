/**
 * How long ago the service last heard each participant. The service tells it with the roster; between two answers the page
 * adds the time that passes, and takes what a participant does as a sign of life too.
 */
import type { LastseenClient, Participant } from "@lastseen/client";

/** Events that a message of the participant caused. */
const SIGNS = [
  "user_back",
  "metadata_changed",
  "new_producer",
  "producer_paused",
  "producer_resumed",
  "producer_closed",
] as const;

export class Freshness {
  readonly #seenAt = new Map<string, number>();
  readonly #stop: (() => void)[];
  readonly #client: LastseenClient;
  /** The service's clock minus this page's. */
  #offsetMs = 0;
  /** While the service does not answer, the ages stand still: nobody knows whether the others go on. */
  #stoppedAt: number | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** @param pollMs how often to ask while others are here and the page is visible; 0: never */
  constructor(client: LastseenClient, pollMs: number) {
    this.#client = client;
    const seen = (participants: readonly Participant[]) => {
      for (const { sessionId, lastSeenAt } of participants) this.#note(sessionId, lastSeenAt);
    };
    this.#stop = [
      client.on("roster", ({ room, cause, added, removed }) => {
        seen(cause === "snapshot" ? room.participants : added);
        for (const { sessionId } of removed) this.#seenAt.delete(sessionId);
      }),
      ...SIGNS.map((sign) => client.on(sign, ({ sessionId }) => this.#note(sessionId, this.now()))),
      client.on("left", () => this.#seenAt.clear()),
      client.on("state", ({ state }) => {
        if (state === "connected") this.#stoppedAt = undefined;
        else this.#stoppedAt ??= this.now();
      }),
    ];
    if (pollMs > 0) this.#timer = setInterval(() => void this.#poll(), pollMs);
  }

  /** The service's time, epoch ms; while the service does not answer, the time of its last answer. */
  now(): number {
    return this.#stoppedAt ?? Date.now() + this.#offsetMs;
  }

  /** Milliseconds since the session was last heard. */
  ageMs({ sessionId, lastSeenAt }: Participant): number {
    return Math.max(0, this.now() - (this.#seenAt.get(sessionId) ?? lastSeenAt));
  }

  close(): void {
    clearInterval(this.#timer);
    for (const stop of this.#stop) stop();
  }

  #note(sessionId: string, at: number): void {
    this.#seenAt.set(sessionId, Math.max(at, this.#seenAt.get(sessionId) ?? 0));
  }

  async #poll(): Promise<void> {
    const others = (this.#client.room?.participants.length ?? 0) > 1;
    if (!others || document.visibilityState === "hidden" || this.#client.state !== "connected") return;
    const asked = Date.now();
    try {
      await this.#client.refresh();
    } catch {
      return;
    }
    // The service heard this page when the question arrived, about halfway through the round trip.
    const self = this.#client.self;
    if (self) this.#offsetMs = self.lastSeenAt - (asked + Date.now()) / 2;
  }
}

/** "just now", "12 s ago", "2 min ago". */
export function ago(ageMs: number): string {
  const seconds = Math.floor(ageMs / 1000);
  if (seconds < 2) return "just now";
  return seconds < 100 ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`;
}
