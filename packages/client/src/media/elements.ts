/** Gets to know which element shows which track. */
export interface ShownListener {
  /** The element shows the track from now on. */
  shown(element: HTMLMediaElement, track: MediaStreamTrack): void;
  /** The element shows nothing any more. */
  hidden(element: HTMLMediaElement): void;
}

/** The media elements that show tracks. When all tracks of an element are gone, it is emptied and shows no still picture. */
export class Elements {
  readonly #shown = new Map<HTMLMediaElement, MediaStream>();
  readonly #listener: ShownListener;

  constructor(listener: ShownListener) {
    this.#listener = listener;
  }

  /** Shows the track in the element, and keeps a track of the other kind that is there. */
  attach(element: HTMLMediaElement, track: MediaStreamTrack): void {
    const stream = this.#shown.get(element) ?? new MediaStream();
    for (const other of stream.getTracks()) if (other.kind === track.kind && other !== track) stream.removeTrack(other);
    stream.addTrack(track);
    this.#shown.set(element, stream);
    if (element.srcObject !== stream) element.srcObject = stream;
    this.#listener.shown(element, track);
  }

  /** Empties the element. */
  detach(element: HTMLMediaElement): void {
    if (!this.#shown.delete(element)) return;
    element.srcObject = null;
    this.#listener.hidden(element);
  }

  /** Every element that shows the one track shows the other one from now on. */
  replace(track: MediaStreamTrack, next: MediaStreamTrack): void {
    for (const [element, stream] of this.#shown) if (stream.getTracks().includes(track)) this.attach(element, next);
  }

  /** Removes a track that has ended from every element. */
  release(track: MediaStreamTrack): void {
    for (const [element, stream] of this.#shown) {
      if (!stream.getTracks().includes(track)) continue;
      stream.removeTrack(track);
      if (stream.getTracks().length === 0) this.detach(element);
    }
  }

  clear(): void {
    for (const element of this.#shown.keys()) this.detach(element);
  }
}
