/** Asks for each simulcast track only in the quality that the place needs in which it is shown. */
import type { Consumer } from "mediasoup-client/types";
import type { Timers } from "../environment.js";
import type { ShownListener } from "./elements.js";
import { observeSizes } from "./sizes.js";

/** Simulcast halves the height from layer to layer, and cameras mostly have 720 lines. */
const FULL_HEIGHT = 720;
/** A picture may be stretched so much before the next layer is asked for. */
const STRETCH = 1.1;
/** While a window is dragged, sizes change with each frame. */
const CALM_MS = 250;

export class Layers implements ShownListener {
  readonly #timers: Timers;
  readonly #consumerOf: (track: MediaStreamTrack) => Consumer | undefined;
  readonly #ask: (consumer: Consumer, spatialLayer: number) => Promise<unknown>;
  /** The elements that show each track, and the height of each, in pixels of the screen. */
  readonly #shown = new Map<HTMLMediaElement, { track: MediaStreamTrack; height: number }>();
  /** What was asked for last, by the consumer's id. */
  readonly #asked = new Map<string, number>();
  readonly #sizes: { observe(element: Element): void; unobserve(element: Element): void; close(): void };
  #timer: unknown;

  /**
   * @param consumerOf the consumer that brings the track, if it is received
   * @param ask asks the service for a layer
   */
  constructor(
    timers: Timers,
    consumerOf: (track: MediaStreamTrack) => Consumer | undefined,
    ask: (consumer: Consumer, spatialLayer: number) => Promise<unknown>,
  ) {
    this.#timers = timers;
    this.#consumerOf = consumerOf;
    this.#ask = ask;
    this.#sizes = observeSizes((element, height) => this.#resized(element, height));
  }

  shown(element: HTMLMediaElement, track: MediaStreamTrack): void {
    if (track.kind !== "video") return;
    const { height = -1 } = this.#shown.get(element) ?? {};
    this.#shown.set(element, { track, height });
    this.#sizes.observe(element);
    this.#reviewSoon();
  }

  hidden(element: HTMLMediaElement): void {
    if (this.#shown.delete(element)) this.#sizes.unobserve(element);
  }

  /** There are no consumers and no elements any more. Leaves no timer behind. */
  reset(): void {
    for (const element of this.#shown.keys()) this.hidden(element);
    this.#asked.clear();
    this.#timers.clear(this.#timer);
    this.#timer = undefined;
  }

  close(): void {
    this.reset();
    this.#sizes.close();
  }

  #resized(element: Element, height: number): void {
    const shown = this.#shown.get(element as HTMLMediaElement);
    if (!shown) return;
    shown.height = height;
    this.#reviewSoon();
  }

  #reviewSoon(): void {
    this.#timer ??= this.#timers.set(CALM_MS, () => {
      this.#timer = undefined;
      this.#review();
    });
  }

  #review(): void {
    const heights = new Map<MediaStreamTrack, number>();
    for (const { track, height } of this.#shown.values()) {
      if (height >= 0) heights.set(track, Math.max(height, heights.get(track) ?? 0));
    }
    for (const [track, height] of heights) {
      const consumer = this.#consumerOf(track);
      const count = consumer ? layersOf(consumer) : 0;
      if (!consumer || count < 2) continue;
      const layer = layerFor(height, count);
      if (this.#asked.get(consumer.id) === layer) continue;
      this.#asked.set(consumer.id, layer);
      // Asked for again when the size changes, or with the next consumer.
      this.#ask(consumer, layer).catch(() => this.#asked.delete(consumer.id));
    }
  }
}

/** The lowest layer that looks sharp. @param height in pixels of the screen @param count how many layers there are */
export function layerFor(height: number, count: number): number {
  for (let layer = 0; layer < count - 1; layer++) {
    if (height <= (FULL_HEIGHT / 2 ** (count - 1 - layer)) * STRETCH) return layer;
  }
  return count - 1;
}

/** mediasoup writes the number of spatial layers into the parameters: `L3T2`, or `S3T3` for simulcast. 0: it has none. */
function layersOf({ rtpParameters }: Consumer): number {
  const [, count = "0"] = /^[LS](\d+)T/.exec(rtpParameters.encodings?.[0]?.scalabilityMode ?? "") ?? [];
  return Number(count);
}
