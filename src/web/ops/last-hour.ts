/** What happened on the node in each minute of the last hour. It is asked for seldom, because it changes seldom. */
import { signal } from "@preact/signals";
import type { Api } from "./api.js";
import { Poller } from "./poller.js";
import { readMinutes, type Minute } from "./shapes.js";

const REFRESH = { intervalMs: 15_000, share: 1 / 10 } as const;

export class LastHour {
  /** Oldest first; empty until the service has told them. */
  readonly minutes = signal<readonly Minute[]>([]);
  readonly #api: Api;
  readonly #poller = new Poller(REFRESH, () => this.#refresh());

  constructor(api: Api) {
    this.#api = api;
  }

  start(): void {
    this.#poller.now();
  }

  close(): void {
    this.#poller.close();
  }

  /** A failure changes nothing here: the page tells it at another place. */
  async #refresh(): Promise<boolean> {
    try {
      this.minutes.value = readMinutes(await this.#api.get(["history"]));
      return true;
    } catch {
      return false;
    }
  }
}
