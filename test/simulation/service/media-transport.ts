import type { Peer, PeerListener } from "../world/peer.js";
import type { MediaWorker } from "./media-worker.js";

/** A WebRTC transport: its worker, the peer at its other end, and whether the peer answers. */
export class MediaTransport implements PeerListener {
  readonly id: string;
  readonly worker: MediaWorker;
  readonly direction: "send" | "recv";
  up = false;
  closed = false;
  /** The name of the peer in its last connect request. */
  peerName: string | undefined = undefined;
  readonly #onLost: () => void;
  readonly #onEnded: () => void;
  #peer: Peer | undefined;

  constructor(options: {
    id: string;
    worker: MediaWorker;
    direction: "send" | "recv";
    onLost: () => void;
    onEnded: () => void;
  }) {
    this.id = options.id;
    this.worker = options.worker;
    this.direction = options.direction;
    this.#onLost = options.onLost;
    this.#onEnded = options.onEnded;
  }

  /** Connects to the peer. Returns `false` when the peer does not answer or the transport is gone. */
  connect(peer: Peer): boolean {
    if (this.closed || this.worker.dead || !peer.alive) return false;
    this.#peer?.forget(this);
    this.#peer = peer;
    peer.listen(this);
    this.up = true;
    return true;
  }

  /** Since when nothing that the peer sends arrives; undefined while it sends, and before it was connected. */
  get silentSince(): number | undefined {
    return this.#peer?.silentSince(this);
  }

  lost(): void {
    if (this.closed || this.worker.dead || !this.up) return;
    this.up = false;
    this.#onLost();
  }

  ended(): void {
    if (this.closed || this.worker.dead) return;
    this.up = false;
    this.#onEnded();
  }

  close(): void {
    this.closed = true;
    this.up = false;
    this.#peer?.forget(this);
    this.#peer = undefined;
  }
}
