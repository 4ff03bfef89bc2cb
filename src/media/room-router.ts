import type { Producer, Router } from "mediasoup/types";
import type { KeyedQueue } from "../kernel/keyed-queue.js";
import { ActiveSpeaker } from "./active-speaker.js";
import { MEDIA_CODECS } from "./codecs.js";
import { notJoined } from "./media-errors.js";
import type { MediaAppData, MediaLogger } from "./media-options.js";
import type { MediaWorker } from "./media-worker.js";

/** Where a room's media is at present. After the worker's end the room gets another place, not this one again. */
export interface RouterPlace {
  readonly worker: MediaWorker;
  readonly router: Router;
  readonly speaker: ActiveSpeaker;
}

/** A session's part in the room, as the room sees it. */
export interface RoomMember {
  readonly sessionId: string;
  /** Ids of all its transports, producers and consumers. */
  objectIds(): string[];
  close(): void;
  /** All its media is gone with the worker. */
  workerLost(): void;
}

/**
 * One room's router: made when its first transport is wanted, on the worker with the least to do, made anew on another
 * one when that worker ends, closed with the room's last member.
 */
export class RoomRouter {
  readonly id: string;
  /** What can be consumed in this room, and in no other. */
  readonly producers = new Map<string, Producer>();
  readonly #members = new Set<RoomMember>();
  readonly #queue: KeyedQueue<string>;
  readonly #acquireWorker: () => Promise<MediaWorker>;
  readonly #logger: MediaLogger;
  readonly #onSpeaker: (sessionId: string | null) => void;
  readonly #onEmpty: () => void;
  #place: RouterPlace | undefined;
  #closed = false;

  constructor(options: {
    id: string;
    /** Shared by all rooms, by room id: a room that comes back waits for what its predecessor still creates. */
    queue: KeyedQueue<string>;
    acquireWorker: () => Promise<MediaWorker>;
    logger: MediaLogger;
    onSpeaker: (sessionId: string | null) => void;
    onEmpty: () => void;
  }) {
    this.id = options.id;
    this.#queue = options.queue;
    this.#acquireWorker = options.acquireWorker;
    this.#logger = options.logger;
    this.#onSpeaker = options.onSpeaker;
    this.#onEmpty = options.onEmpty;
  }

  /** Where its media is; undefined while it has none. */
  get place(): RouterPlace | undefined {
    return this.#place;
  }

  get members(): Iterable<RoomMember> {
    return this.#members;
  }

  enter(member: RoomMember): void {
    this.#members.add(member);
  }

  /** The last one to leave closes the room. */
  leave(member: RoomMember): void {
    this.#members.delete(member);
    if (this.#members.size === 0) this.#close();
  }

  /** The room's router, made if there is none. Rejects with `media_unavailable`, or `not_joined` when the room closed. */
  open(): Promise<RouterPlace> {
    const place = this.#place;
    if (place && !place.router.closed) return Promise.resolve(place);
    return this.#queue.run(this.id, () => this.#open());
  }

  /** Makes a producer consumable in the room until it closes. */
  publish(producer: Producer, { speaker }: RouterPlace): void {
    this.producers.set(producer.id, producer);
    producer.observer.once("close", () => this.producers.delete(producer.id));
    if (producer.kind !== "audio") return;
    speaker.add(producer).catch((error: unknown) => {
      // Usually it was closed meanwhile. Nobody depends on it.
      this.#logger.debug({ err: error, roomId: this.id }, "a producer is not watched for active speech");
    });
  }

  /** Whether this room was on that worker; its members have been told then. */
  workerLost(worker: MediaWorker): boolean {
    if (this.#place?.worker !== worker) return false;
    this.#forgetPlace();
    for (const member of this.#members) member.workerLost();
    return true;
  }

  async #open(): Promise<RouterPlace> {
    if (this.#closed) throw notJoined();
    if (this.#place && !this.#place.router.closed) return this.#place;
    const worker = await this.#acquireWorker();
    const appData: MediaAppData = { roomId: this.id };
    const router = await worker.call(
      "the creation of a router",
      "media_unavailable",
      () => worker.worker.createRouter({ mediaCodecs: [...MEDIA_CODECS], appData }),
      (late) => late.close(),
    );
    try {
      // The last member may have left while the worker was busy.
      if (this.#closed) throw notJoined();
      const observer = await worker.call("the creation of a speaker observer", "media_unavailable", () =>
        router.createActiveSpeakerObserver({ appData }),
      );
      if (this.#closed) throw notJoined();
      const onListenerError = (event: string, error: Error): void =>
        this.#logger.error({ err: error, event, roomId: this.id }, "a listener of a router failed");
      router.on("listenererror", onListenerError);
      observer.on("listenererror", onListenerError);
      this.#forgetPlace();
      this.#place = { worker, router, speaker: new ActiveSpeaker(observer, this.#onSpeaker) };
    } catch (error) {
      router.close();
      throw error;
    }
    worker.load.rooms += 1;
    return this.#place;
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const place = this.#place;
    this.#forgetPlace();
    try {
      place?.router.close();
    } catch (error) {
      // Only when the pipe to the worker is broken, and then the worker is about to be replaced.
      this.#logger.error({ err: error, roomId: this.id }, "a router could not be closed");
    }
    this.#onEmpty();
  }

  #forgetPlace(): void {
    if (this.#place) this.#place.worker.load.rooms -= 1;
    this.#place = undefined;
    this.producers.clear();
  }
}
