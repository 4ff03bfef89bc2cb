import type { World } from "./world.js";

/** How long a worker goes without consent before it gives a peer up: mediasoup's shortest, and the pause between two. */
const CONSENT = { least: 10_000, most: 15_000 } as const;

/** What a transport in the service wants to know of the other end of its wire. */
export interface PeerListener {
  /** Nothing has come for so long that the peer counts as lost. */
  lost(): void;
  /** The peer has ended DTLS. */
  ended(): void;
}

/** A page's media: it answers as long as the page's process runs and its machine is reachable, whatever its script does. */
export class Peer {
  readonly #world: World;
  readonly #listeners = new Set<PeerListener>();
  /** Those whose way to the peer is gone for good: they need a new one. */
  readonly #cutOff = new Set<PeerListener>();
  #alive = true;
  #downs = 0;

  constructor(world: World) {
    this.#world = world;
  }

  get alive(): boolean {
    return this.#alive;
  }

  set alive(alive: boolean) {
    if (alive === this.#alive) return;
    this.#alive = alive;
    this.#downs += 1;
    if (alive) return;
    const downs = this.#downs;
    this.#world.after(this.#world.between(CONSENT.least, CONSENT.most), () => {
      if (downs === this.#downs) for (const listener of this.#listeners) listener.lost();
    });
  }

  /** The page closes its connections properly. */
  end(latencyMs: number): void {
    if (!this.#alive) return;
    this.#world.after(latencyMs, () => {
      for (const listener of this.#listeners) listener.ended();
      this.#listeners.clear();
    });
    this.alive = false;
  }

  /** The peer has moved: nobody reaches it any more by the way that was agreed upon. */
  move(): void {
    for (const listener of this.#listeners) this.#cutOff.add(listener);
    this.#world.after(this.#world.between(CONSENT.least, CONSENT.most), () => {
      for (const listener of this.#cutOff) if (this.#cutOff.delete(listener)) listener.lost();
    });
  }

  /** Also by a way that is new. */
  listen(listener: PeerListener): void {
    this.#cutOff.delete(listener);
    this.#listeners.add(listener);
  }

  forget(listener: PeerListener): void {
    this.#cutOff.delete(listener);
    this.#listeners.delete(listener);
  }
}
