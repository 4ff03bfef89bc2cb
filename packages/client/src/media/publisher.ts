/** One's own tracks: what shall be published against what is. */
import type { Producer } from "mediasoup-client/types";
import type { LastseenClient } from "../client.js";
import type { Timers } from "../environment.js";
import { lostOnTheWay, RequestError, withoutLine } from "../request-error.js";
import { Converge, type PassResult } from "./converge.js";
import type { TransportSlot } from "./transport-slot.js";
import type { Publication, PublishOptions, Source } from "./types.js";

interface Wanted {
  readonly track: MediaStreamTrack;
  readonly options: PublishOptions;
  muted: boolean;
  producer: Producer | undefined;
  /** What the service was told last. */
  pausedThere: boolean;
  failure: unknown;
}

/**
 * The bandwidth that the browser assumes when it begins to send video, in kbit/s. Chromium assumes 300 by itself and then
 * measures upwards: it sent 720p only after about 15 s, on a network that could carry it at once.
 */
const START_KBPS = 1_000;

export class Publisher {
  readonly #client: LastseenClient;
  readonly #slot: TransportSlot;
  readonly #converge: Converge;
  readonly #changed: () => void;
  readonly #ended: (track: MediaStreamTrack) => void;
  readonly #failed: (doing: string, error: unknown) => void;
  readonly #wanted = new Map<Source, Wanted>();
  /** Sources of which the service may have a producer that nobody here knows: it was asked for one and not heard. */
  readonly #doubtful = new Set<Source>();

  constructor(parts: {
    client: LastseenClient;
    slot: TransportSlot;
    timers: Timers;
    changed: () => void;
    /** The track is not published any more and was stopped. */
    ended: (track: MediaStreamTrack) => void;
    failed: (doing: string, error: unknown) => void;
  }) {
    this.#client = parts.client;
    this.#slot = parts.slot;
    this.#changed = parts.changed;
    this.#ended = parts.ended;
    this.#failed = parts.failed;
    this.#converge = new Converge(parts.timers, () => this.#pass());
  }

  get publications(): Publication[] {
    return [...this.#wanted.values()].map(({ track, options, muted, producer }) => ({
      source: options.source,
      track,
      muted,
      producer,
    }));
  }

  /** Resolves when the others can have it, or when that must wait for a connection. @throws RequestError, Error */
  async publish(track: MediaStreamTrack, options: PublishOptions): Promise<void> {
    const { source } = options;
    this.unpublish(source);
    const muted = options.muted ?? false;
    const wanted: Wanted = {
      track,
      options,
      muted,
      producer: undefined,
      pausedThere: muted,
      failure: undefined,
    };
    this.#wanted.set(source, wanted);
    this.#changed();
    await this.#converge.request();
    if (wanted.failure) throw wanted.failure;
  }

  unpublish(source: Source): void {
    const wanted = this.#wanted.get(source);
    if (!wanted) return;
    this.#wanted.delete(source);
    this.#discard(wanted);
    this.#changed();
  }

  async setMuted(source: Source, muted: boolean): Promise<void> {
    const wanted = this.#wanted.get(source);
    if (!wanted || wanted.muted === muted) return;
    wanted.muted = muted;
    wanted.track.enabled = !muted;
    this.#changed();
    await this.#converge.request();
  }

  /** Makes what is missing, whatever failed before: after joining, resuming, or the loss of the transport. */
  renew(): Promise<void> {
    return this.#converge.afresh();
  }

  /** The producers went with their transport; the tracks stay and are published again. */
  transportGone(): void {
    for (const wanted of this.#wanted.values()) wanted.producer = undefined;
  }

  /** This side gives its transport up. The service is told, since the others would look at pictures that stand still. */
  givesUp(): void {
    for (const [source, { producer }] of this.#wanted) if (producer) this.#closeThere(source, producer.id);
  }

  /** Nothing is published any more and every track that is not to be kept is stopped. */
  reset(): void {
    this.#converge.cancel();
    for (const source of this.#wanted.keys()) {
      try {
        this.unpublish(source);
      } catch (error) {
        this.#failed(`stop ${source}`, error);
      }
    }
    this.#doubtful.clear();
  }

  async #pass(): Promise<PassResult> {
    let result: PassResult = "done";
    for (const [source, wanted] of this.#wanted) {
      if (!this.#ready()) return "done";
      const { generation } = this.#slot;
      try {
        if (!wanted.producer || wanted.producer.closed) await this.#produce(source, wanted);
        else await this.#tellPaused(wanted);
      } catch (error) {
        const outdated = this.#wanted.get(source) !== wanted || generation !== this.#slot.generation;
        if (outdated || lostOnTheWay(error)) this.#doubtful.add(source);
        if (outdated || withoutLine(error)) continue;
        if (error instanceof RequestError && error.retryable) result = "again";
        else {
          wanted.failure = error;
          this.unpublish(source);
        }
        this.#failed(`publish ${source}`, error);
      }
    }
    if (this.#doubtful.size === 0 || !this.#ready()) return result;
    return this.#closeStrays().then(
      () => result,
      (error: unknown) => (withoutLine(error) ? result : "again"),
    );
  }

  #ready(): boolean {
    return this.#client.room !== undefined && this.#client.state === "connected";
  }

  /** Closes what the service has under a doubtful source and nobody here knows; it answers in order. */
  async #closeStrays(): Promise<void> {
    const doubtful = [...this.#doubtful];
    const { room } = await this.#client.request("getRoom", {});
    const own = room.participants.find(({ sessionId }) => sessionId === this.#client.session?.sessionId);
    const held = new Set(Array.from(this.#wanted.values(), ({ producer }) => producer?.id));
    for (const source of doubtful) {
      this.#doubtful.delete(source);
      for (const { id } of own?.producers.filter((producer) => producer.source === source) ?? []) {
        if (!held.has(id)) this.#closeThere(source, id);
      }
    }
  }

  async #produce(source: Source, wanted: Wanted): Promise<void> {
    const transport = await this.#slot.open();
    if (this.#wanted.get(source) !== wanted) return;
    // mediasoup-client takes a disabled track for a paused producer.
    wanted.track.enabled = !wanted.muted;
    wanted.pausedThere = wanted.muted;
    const { encodings } = wanted.options;
    const producer = await transport.produce({
      track: wanted.track,
      stopTracks: false,
      ...(encodings && { encodings }),
      ...(wanted.track.kind === "video" && { codecOptions: { videoGoogleStartBitrate: START_KBPS } }),
      appData: { source, paused: wanted.muted },
    });
    if (this.#wanted.get(source) !== wanted) {
      this.#close(source, producer);
      return;
    }
    wanted.producer = producer;
    producer.on("trackended", () => this.unpublish(source));
    this.#changed();
    await this.#tellPaused(wanted);
  }

  async #tellPaused(wanted: Wanted): Promise<void> {
    const { producer, muted } = wanted;
    if (!producer || muted === wanted.pausedThere) return;
    if (muted) producer.pause();
    else producer.resume();
    await this.#client.request(muted ? "pauseProducer" : "resumeProducer", { producerId: producer.id });
    wanted.pausedThere = muted;
  }

  #discard({ producer, track, options }: Wanted): void {
    if (!options.keepTrack) {
      track.stop();
      this.#ended(track);
    }
    if (producer) this.#close(options.source, producer);
  }

  #close(source: Source, producer: Producer): void {
    if (producer.closed) return;
    producer.close();
    this.#closeThere(source, producer.id);
  }

  #closeThere(source: Source, producerId: string): void {
    if (!this.#client.room) return;
    this.#client.request("closeProducer", { producerId }).catch((error: unknown) => {
      if (lostOnTheWay(error)) this.#doubtful.add(source);
    });
  }
}
