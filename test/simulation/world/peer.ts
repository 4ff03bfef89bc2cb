import type { World } from "./world.js";

/** Times without ICE consent after which a worker gives a peer up: mediasoup's timeout, plus the pause between two checks. */
const CONSENT = { least: 10_000, most: 15_000 } as const;

/** What a transport in the service learns about its peer. */
export interface PeerListener {
  /** The peer was silent for too long and counts as lost. */
  lost(): void;
  /** The peer has ended DTLS. */
  ended(): void;
}

/** A page's media. It answers while the page's process runs and its machine is reachable, even when the script hangs. */
export class Peer {
  readonly #world: World;
  readonly #listeners = new Set<PeerListener>();
  /** Listeners whose path to the peer is gone, and since when. They need a new path. */
  readonly #cutOff = new Map<PeerListener, number>();
  #alive = true;
  #silentSince = 0;
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
    this.#silentSince = this.#world.now.at;
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

  /** The peer has moved to another address. The old paths to it do not work any more. */
  move(): void {
    for (const listener of this.#listeners) this.#cutOff.set(listener, this.#world.now.at);
    this.#world.after(this.#world.between(CONSENT.least, CONSENT.most), () => {
      for (const listener of this.#cutOff.keys()) if (this.#cutOff.delete(listener)) listener.lost();
    });
  }

  /** Since when nothing that it sends arrives there; undefined while everything arrives. */
  silentSince(listener: PeerListener): number | undefined {
    return this.#cutOff.get(listener) ?? (this.#alive ? undefined : this.#silentSince);
  }

  /** Adds a listener, or gives a known listener a new path. */
  listen(listener: PeerListener): void {
    this.#cutOff.delete(listener);
    this.#listeners.add(listener);
  }

  forget(listener: PeerListener): void {
    this.#cutOff.delete(listener);
    this.#listeners.delete(listener);
  }
}
