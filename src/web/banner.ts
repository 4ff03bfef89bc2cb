/** Tells how the connection is: a pill that is always there, and a banner while something is wrong. */
import type { LastseenClient } from "@lastseen/client";
import { h, setAttributes, setText } from "./dom.js";

/** How long "connected again" stays. */
const GOOD_NEWS_MS = 2_500;

export class ConnectionStatus {
  readonly pill: HTMLElement;
  readonly banner = h("div", { class: "banner", testid: "banner", role: "status", hidden: true });
  readonly #client: LastseenClient;
  readonly #text = h("span", {});
  readonly #releasers: (() => void)[];
  #rttMs: number | undefined;
  #retryAt = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #goodNewsTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(client: LastseenClient) {
    this.#client = client;
    this.pill = h("span", { class: "pill", testid: "connection" }, h("i", {}), this.#text);
    this.#releasers = [
      client.on("state", ({ state, previous }) => {
        if (state === "connected" && previous === "reconnecting") this.#goodNews();
        this.#show();
      }),
      client.on("heartbeat", ({ rttMs }) => {
        this.#rttMs = rttMs;
        this.#show();
      }),
      client.on("retry", ({ delayMs }) => {
        this.#retryAt = Date.now() + delayMs;
        this.#show();
      }),
    ];
    this.#show();
  }

  close(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#goodNewsTimer);
    for (const release of this.#releasers) release();
  }

  #show(): void {
    const { state } = this.#client;
    const rtt = this.#rttMs === undefined ? "" : ` · ${Math.round(this.#rttMs)} ms`;
    setText(
      this.#text,
      { connecting: "Connecting", connected: `Live${rtt}`, reconnecting: "Reconnecting", disconnected: "Offline" }[
        state
      ],
    );
    setAttributes(this.pill, { "data-state": state });
    const waits = state === "reconnecting" || (state === "connecting" && this.#retryAt > 0);
    if (!waits) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      if (this.banner.dataset["tone"] === "warn") this.banner.hidden = true;
      return;
    }
    this.#timer ??= setInterval(() => this.#show(), 500);
    const seconds = Math.ceil((this.#retryAt - Date.now()) / 1000);
    const what = state === "reconnecting" ? "Connection lost." : "The service cannot be reached.";
    const next = navigator.onLine
      ? seconds > 1
        ? `Trying again in ${seconds} s…`
        : "Trying again…"
      : "You are offline.";
    this.#say("warn", `${what} ${next}`);
  }

  #goodNews(): void {
    this.#say("good", "Connected again");
    clearTimeout(this.#goodNewsTimer);
    this.#goodNewsTimer = setTimeout(() => {
      if (this.banner.dataset["tone"] === "good") this.banner.hidden = true;
    }, GOOD_NEWS_MS);
  }

  #say(tone: "warn" | "good", text: string): void {
    this.banner.hidden = false;
    setAttributes(this.banner, { "data-tone": tone });
    setText(this.banner, text);
  }
}
