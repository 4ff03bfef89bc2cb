import type { PeerListener } from "../world/peer.js";
import type { World } from "../world/world.js";
import type { Page } from "./page.js";

/** A browser gives a lost connection up after this time. */
const NOTICE_MS = { least: 3_000, most: 20_000 } as const;
const RETRY_MS = 5_000;

/** The media of a page: sends one track while the page is in a room, and sends it again after every loss. */
export class PageMedia implements PeerListener {
  readonly #page: Page;
  readonly #world: World;
  #transports: string[] = [];
  #producerId: string | undefined;
  #attempt = 0;

  constructor(page: Page, world: World) {
    this.#page = page;
    this.#world = world;
    page.peer.listen(this);
    const { client } = page;
    client.willPublish(() => ["mic"]);
    client.on("joined", ({ how }) => {
      if (how === "resumed" && this.#transports.length > 0) void this.#restart();
      else void this.#publish();
    });
    client.on("media_reset", () => void this.#publish());
    client.on("left", () => this.#forget());
  }

  setMuted(muted: boolean): void {
    if (this.#producerId === undefined) return;
    const type = muted ? "pauseProducer" : "resumeProducer";
    this.#page.client.request(type, { producerId: this.#producerId }).catch(() => {});
  }

  lost(): void {
    this.#world.after(this.#world.between(NOTICE_MS.least, NOTICE_MS.most), () => {
      this.#page.task(() => void this.#restart());
    });
  }

  ended(): void {}

  #forget(): void {
    this.#attempt += 1;
    this.#transports = [];
    this.#producerId = undefined;
  }

  async #publish(): Promise<void> {
    this.#forget();
    const attempt = this.#attempt;
    const { client, name } = this.#page;
    try {
      for (const direction of ["send", "recv"] as const) {
        const { id } = await client.request("createTransport", { direction });
        if (attempt !== this.#attempt) return;
        this.#transports.push(id);
        await client.request("connectTransport", { transportId: id, dtlsParameters: { peer: name } });
        if (direction === "recv") continue;
        const track = { transportId: id, kind: "audio", rtpParameters: {}, source: "mic" } as const;
        const { producerId } = await client.request("produce", track);
        if (attempt === this.#attempt) this.#producerId = producerId;
      }
    } catch {
      this.#later(attempt, () => void this.#publish());
    }
  }

  async #restart(): Promise<void> {
    const attempt = this.#attempt;
    try {
      for (const transportId of this.#transports) await this.#page.client.request("restartIce", { transportId });
    } catch {
      this.#later(attempt, () => void this.#publish());
    }
  }

  #later(attempt: number, run: () => void): void {
    this.#world.after(RETRY_MS, () => {
      this.#page.task(() => {
        if (attempt === this.#attempt && this.#page.connected && this.#page.client.room) run();
      });
    });
  }
}
