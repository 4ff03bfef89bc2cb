/** How the connection is, and what a banner says about it while something is wrong. */
import { computed, signal } from "@preact/signals";
import type { ConnectionState, LastseenClient } from "@lastseen/client";

/** How long "Connected again" stays. */
const GOOD_NEWS_MS = 2_500;
const COUNTDOWN_TICK_MS = 500;

export class ConnectionStatus {
  readonly state = signal<ConnectionState>("connecting");
  /** Of the last heartbeat, milliseconds. */
  readonly rttMs = signal<number | undefined>(undefined);
  /** When the client tries next, epoch ms; 0 until it had to wait once. */
  readonly #retryAt = signal(0);
  /** What the client says about the last failure, when the page cannot expect it to pass. */
  readonly #trouble = signal("");
  readonly #now = signal(Date.now());
  readonly #goodNews = signal(false);
  readonly banner = computed(() => {
    if (this.#waits.value) return { tone: "warn", text: this.#waitingText() };
    return this.#goodNews.value ? { tone: "good", text: "Connected again" } : undefined;
  });
  readonly #waits = computed(() => {
    const state = this.state.value;
    return state === "reconnecting" || (state === "connecting" && this.#retryAt.value > 0);
  });
  readonly #stop: readonly (() => void)[];
  #countdown: ReturnType<typeof setInterval> | undefined;
  #goodNewsTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(client: LastseenClient) {
    this.state.value = client.state;
    this.#stop = [
      client.on("state", ({ state, previous }) => {
        this.state.value = state;
        if (state === "connected" && previous === "reconnecting") this.#tellGoodNews();
      }),
      client.on("heartbeat", ({ rttMs }) => (this.rttMs.value = rttMs)),
      client.on("retry", ({ delayMs, kind, message }) => {
        this.#retryAt.value = Date.now() + delayMs;
        this.#trouble.value = kind === "closed" || kind === "unreachable" ? "" : message;
      }),
      this.#waits.subscribe((waits) => {
        clearInterval(this.#countdown);
        this.#now.value = Date.now();
        if (waits) this.#countdown = setInterval(() => (this.#now.value = Date.now()), COUNTDOWN_TICK_MS);
      }),
    ];
  }

  close(): void {
    for (const stop of this.#stop) stop();
    clearInterval(this.#countdown);
    clearTimeout(this.#goodNewsTimer);
  }

  #waitingText(): string {
    const seconds = Math.ceil((this.#retryAt.value - this.#now.value) / 1000);
    const isLost = this.state.value === "reconnecting";
    const what =
      this.#trouble.value ||
      (isLost ? "You are offline. The others are shown as last known." : "The service cannot be reached.");
    if (!navigator.onLine) return isLost ? what : `${what} You are offline.`;
    return seconds > 1 ? `${what} Trying again in ${seconds} s…` : `${what} Trying again…`;
  }

  #tellGoodNews(): void {
    this.#goodNews.value = true;
    clearTimeout(this.#goodNewsTimer);
    this.#goodNewsTimer = setTimeout(() => (this.#goodNews.value = false), GOOD_NEWS_MS);
  }
}
