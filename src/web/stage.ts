/** The pictures: one tile for each participant, as large as the room on the screen allows. */
import type { LastseenClient, Participant } from "@lastseen/client";
import type { LastseenMedia, RemoteTrack } from "@lastseen/client/media";
import { h, setAttributes } from "./dom.js";
import { Tile } from "./tile.js";

const GAP = 12;
const WIDE = 16 / 9;
/** On an upright screen, more than two pictures fill it better so. */
const UPRIGHT = 4 / 3;

export class Stage {
  readonly element = h("div", { class: "stage", testid: "stage" });
  readonly #client: LastseenClient;
  readonly #media: LastseenMedia;
  readonly #tiles = new Map<string, Tile>();
  readonly #releasers: (() => void)[];
  readonly #size = new ResizeObserver(() => this.#arrange());

  constructor(client: LastseenClient, media: LastseenMedia) {
    this.#client = client;
    this.#media = media;
    this.#releasers = [
      client.on("roster", ({ room }) => this.#show(room.participants)),
      client.on("left", () => this.#show([])),
      client.on("active_speaker", () => this.#updateAll()),
      media.on("track_added", (remote) => this.#attach(remote)),
      media.on("track_removed", (remote) => this.#tiles.get(remote.sessionId)?.removed(remote.kind)),
      media.on("publications", () => this.#showOwn()),
    ];
    this.#size.observe(this.element);
    this.#show(client.room?.participants ?? []);
  }

  close(): void {
    this.#size.disconnect();
    for (const release of this.#releasers) release();
    this.#show([]);
  }

  #show(participants: readonly Participant[]): void {
    const here = new Set(participants.map(({ sessionId }) => sessionId));
    for (const [sessionId, tile] of this.#tiles) {
      if (here.has(sessionId)) continue;
      tile.close();
      this.#tiles.delete(sessionId);
    }
    for (const participant of participants) {
      let tile = this.#tiles.get(participant.sessionId);
      if (!tile) {
        tile = new Tile(participant, this.#media, participant.sessionId === this.#client.session?.sessionId);
        this.#tiles.set(participant.sessionId, tile);
        this.element.append(tile.element);
        for (const remote of this.#media.tracks) this.#attach(remote);
      }
      tile.update(participant, participant.userId === this.#client.activeSpeaker);
    }
    this.#showOwn();
    this.#arrange();
  }

  #updateAll(): void {
    for (const participant of this.#client.room?.participants ?? []) {
      this.#tiles.get(participant.sessionId)?.update(participant, participant.userId === this.#client.activeSpeaker);
    }
  }

  #attach(remote: RemoteTrack): void {
    this.#tiles.get(remote.sessionId)?.attach(remote.track);
  }

  #showOwn(): void {
    const tile = this.#tiles.get(this.#client.session?.sessionId ?? "");
    const camera = this.#media.publications.find(({ source }) => source === "camera");
    const mic = this.#media.publications.find(({ source }) => source === "mic");
    tile?.own(camera?.muted === false ? camera.track : undefined, mic?.muted === false);
  }

  /** Chooses the number of columns that gives the largest tiles. */
  #arrange(): void {
    const count = Math.max(1, this.#tiles.size);
    const { clientWidth: width, clientHeight: height } = this.element;
    const ratio = height > width && count > 2 ? UPRIGHT : WIDE;
    let best = { columns: 1, tileWidth: 0 };
    for (let columns = 1; columns <= count; columns += 1) {
      const rows = Math.ceil(count / columns);
      const byWidth = (width - GAP * (columns - 1)) / columns;
      const byHeight = ((height - GAP * (rows - 1)) / rows) * ratio;
      const tileWidth = Math.min(byWidth, byHeight);
      if (tileWidth > best.tileWidth) best = { columns, tileWidth };
    }
    this.element.style.setProperty("--tile-width", `${Math.floor(best.tileWidth)}px`);
    this.element.style.setProperty("--tile-ratio", String(ratio));
    setAttributes(this.element, { "data-count": this.#tiles.size });
  }
}
