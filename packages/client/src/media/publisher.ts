/** Publishes this page's tracks: compares the wanted publications with the producers that exist. */
import type { Producer } from "mediasoup-client/types";
import { LIMITS } from "@lastseen/protocol/limits";
import type { LastseenClient } from "../client.js";
import type { Timers } from "../environment.js";
import { outcomeUnknown, RequestError, wasDisconnected } from "../request-error.js";
import { Converge, type PassResult } from "./converge.js";
import { whileOpen, type TransportSlot } from "./transport-slot.js";
import type { Publication, PublishOptions, Source } from "./types.js";

interface Wanted {
  track: MediaStreamTrack;
  readonly options: PublishOptions;
  muted: boolean;
  producer: Producer | undefined;
  /** The paused state that the service was told last. */
  pausedOnService: boolean;
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
  readonly #replaced: (track: MediaStreamTrack, next: MediaStreamTrack) => void;
  readonly #failed: (doing: string, error: unknown) => void;
  readonly #wanted = new Map<Source, Wanted>();
  /** Sources for which the service may have a producer that the page does not know, because an answer was lost. */
  readonly #doubtful = new Set<Source>();

  constructor(parts: {
    client: LastseenClient;
    slot: TransportSlot;
    timers: Timers;
    changed: () => void;
    /** The track is no longer published and was stopped. */
    ended: (track: MediaStreamTrack) => void;
    /** The publication goes on with another track. */
    replaced: (track: MediaStreamTrack, next: MediaStreamTrack) => void;
    failed: (doing: string, error: unknown) => void;
  }) {
    this.#client = parts.client;
    this.#slot = parts.slot;
    this.#changed = parts.changed;
    this.#ended = parts.ended;
    this.#replaced = parts.replaced;
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

  /** What the others will hear and see as soon as there is a room. */
  get upcoming(): Source[] {
    return [...this.#wanted].flatMap(([source, { muted }]) => (muted ? [] : [source])).slice(0, LIMITS.sources);
  }

  /** Resolves when the others can receive the track, or when that has to wait for a connection. @throws RequestError, Error */
  async publish(track: MediaStreamTrack, options: PublishOptions): Promise<void> {
    const { source } = options;
    this.unpublish(source);
    const muted = options.muted ?? false;
    const wanted: Wanted = {
      track,
      options,
      muted,
      producer: undefined,
      pausedOnService: muted,
      failure: undefined,
    };
    this.#wanted.set(source, wanted);
    this.#changed();
    await this.#converge.request();
    if (wanted.failure) throw wanted.failure;
  }

  /**
   * Goes on with another track of the same kind, with the same producer. The track before it is stopped, unless it was
   * published with `keepTrack`. The publication stays muted if it was.
   *
   * @throws RequestError `not_found` when the source is not published, `bad_message` when the track does not fit; Error when
   *   the browser cannot send the track: then the track before it stays
   */
  async replaceTrack(source: Source, track: MediaStreamTrack): Promise<void> {
    const wanted = this.#wanted.get(source);
    if (!wanted) throw refusal("not_found", `Nothing is published as "${source}": call publish() first.`);
    const before = wanted.track;
    if (track === before) return;
    if (track.kind !== before.kind)
      throw refusal("bad_message", `track must have the kind of "${source}", ${before.kind}; it has ${track.kind}.`);
    if (track.readyState === "ended") throw refusal("bad_message", "track has ended; give a live one.");
    wanted.track = track;
    track.enabled = !wanted.muted;
    const { producer } = wanted;
    try {
      if (producer && !producer.closed) await whileOpen(producer, producer.replaceTrack({ track }));
    } catch (error) {
      // With a closed producer the track is not lost: the next producer takes it.
      if (!producer?.closed) {
        if (wanted.track === track) wanted.track = before;
        throw error;
      }
    }
    this.#replaced(before, track);
    if (!wanted.options.keepTrack) before.stop();
    // Somebody has ended the publication meanwhile, and with it the track that it had then.
    if (this.#wanted.get(source) === wanted) this.#changed();
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

  /** Tries everything that is missing again: after a join, a resume or the loss of a transport. */
  renew(): Promise<void> {
    return this.#converge.afresh();
  }

  /** The producers are gone with their transport. The tracks stay and are published again. */
  transportGone(): void {
    for (const wanted of this.#wanted.values()) wanted.producer = undefined;
  }

  /** The client gives up its transport. It closes the producers on the service, or the others would see still pictures. */
  transportGivenUp(): void {
    for (const [source, { producer }] of this.#wanted) if (producer) this.#closeOnService(source, producer.id);
  }

  /** Ends all publications, and stops the tracks unless `keepTrack` is set. */
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
        if (outdated || outcomeUnknown(error)) this.#doubtful.add(source);
        if (outdated || wasDisconnected(error)) continue;
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
      (error: unknown) => (wasDisconnected(error) ? result : "again"),
    );
  }

  #ready(): boolean {
    return this.#client.room !== undefined && this.#client.state === "connected";
  }

  /** Closes the producers of doubtful sources that the page does not know. The service answers requests in order. */
  async #closeStrays(): Promise<void> {
    const doubtful = [...this.#doubtful];
    const { room } = await this.#client.request("getRoom", {});
    const own = room.participants.find(({ sessionId }) => sessionId === this.#client.session?.sessionId);
    const held = new Set(Array.from(this.#wanted.values(), ({ producer }) => producer?.id));
    for (const source of doubtful) {
      this.#doubtful.delete(source);
      for (const { id } of own?.producers.filter((producer) => producer.source === source) ?? []) {
        if (!held.has(id)) this.#closeOnService(source, id);
      }
    }
  }

  async #produce(source: Source, wanted: Wanted): Promise<void> {
    const transport = await this.#slot.open();
    // A device that was unplugged while there was no producer: nobody has told the page of it so far.
    if (wanted.track.readyState === "ended" && wanted.options.afterEnd) await this.#goOn(source, wanted);
    if (this.#wanted.get(source) !== wanted) return;
    // mediasoup-client makes a paused producer of a disabled track.
    wanted.track.enabled = !wanted.muted;
    wanted.pausedOnService = wanted.muted;
    const { encodings } = wanted.options;
    const { track } = wanted;
    const producer = await transport.produce({
      track,
      stopTracks: false,
      ...(encodings && { encodings }),
      ...(track.kind === "video" && { codecOptions: { videoGoogleStartBitrate: START_KBPS } }),
      appData: { source, paused: wanted.muted },
    });
    if (this.#wanted.get(source) !== wanted) {
      this.#close(source, producer);
      return;
    }
    wanted.producer = producer;
    producer.on("trackended", () => void this.#goOn(source, wanted));
    if (wanted.track !== track) await producer.replaceTrack({ track: wanted.track });
    this.#changed();
    await this.#tellPaused(wanted);
  }

  /** The track has ended by itself. */
  async #goOn(source: Source, wanted: Wanted): Promise<void> {
    const { afterEnd } = wanted.options;
    if (!afterEnd) return this.unpublish(source);
    const ended = wanted.track;
    let next: MediaStreamTrack | undefined;
    try {
      next = await afterEnd();
      if (this.#wanted.get(source) !== wanted || wanted.track !== ended) next?.stop();
      else if (next) await this.replaceTrack(source, next);
      else this.unpublish(source);
    } catch (error) {
      // A track that can't be published would keep its device open.
      if (wanted.track !== next) next?.stop();
      this.#failed(`go on with another track for ${source}`, error);
      if (this.#wanted.get(source) === wanted && wanted.track === ended) this.unpublish(source);
    }
  }

  async #tellPaused(wanted: Wanted): Promise<void> {
    const { producer, muted } = wanted;
    if (!producer || muted === wanted.pausedOnService) return;
    if (muted) producer.pause();
    else producer.resume();
    await this.#client.request(muted ? "pauseProducer" : "resumeProducer", { producerId: producer.id });
    wanted.pausedOnService = muted;
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
    this.#closeOnService(source, producer.id);
  }

  #closeOnService(source: Source, producerId: string): void {
    if (!this.#client.room) return;
    this.#client.request("closeProducer", { producerId }).catch((error: unknown) => {
      if (outcomeUnknown(error)) this.#doubtful.add(source);
    });
  }
}

function refusal(code: "not_found" | "bad_message", message: string): RequestError {
  return new RequestError(code, message, { retryable: false });
}
