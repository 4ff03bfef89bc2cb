import type { Consumer, Producer, Router } from "mediasoup/types";
import type { KeyedQueue } from "../../kernel/keyed-queue.js";
import { ActiveSpeaker } from "./active-speaker.js";
import { MEDIA_CODECS } from "./codecs.js";
import { notJoined } from "../media-errors.js";
import type { MediaAppData, MediaLogger } from "../media-options.js";
import type { MediaWorker } from "../workers/media-worker.js";

/** The router that a room has now, and its worker. When the worker ends, the room gets a new place. */
export interface RouterPlace {
  readonly worker: MediaWorker;
  readonly router: Router;
  readonly speaker: ActiveSpeaker;
}

/** The media of one session in the room, as the room sees it. */
export interface RoomMember {
  readonly sessionId: string;
  /** Ids of all its transports, producers and consumers. */
  objectIds(): string[];
  close(): void;
  /** The worker has ended, and all media of the session with it. */
  workerLost(): void;
  /** The room moves to another worker: the session closes its media here. */
  roomMoved(): void;
}

/** What the room needs of the worker pool. */
export interface RoomWorkers {
  acquire(): Promise<MediaWorker>;
  /** Whether a worker other than this one can take more. */
  hasSpareWorker(full: MediaWorker): boolean;
}

/**
 * The router of one room. It is made with the room's first transport, on the worker with the fewest transports. When that
 * worker ends or is full, the room gets a new router on another worker. The router closes with the room's last member.
 */
export class RoomRouter {
  readonly id: string;
  /** The producers that members of this room, and of no other, can consume. */
  readonly producers = new Map<string, Producer>();
  /** How many consumers each producer has, by its id. */
  readonly #consumers = new Map<string, number>();
  readonly #members = new Set<RoomMember>();
  readonly #queue: KeyedQueue<string>;
  readonly #workers: RoomWorkers;
  readonly #logger: MediaLogger;
  readonly #onSpeaker: (sessionId: string | null) => void;
  readonly #onMoved: (sessionIds: readonly string[]) => void;
  readonly #onEmpty: () => void;
  #place: RouterPlace | undefined;
  #closed = false;

  constructor(options: {
    id: string;
    /** Shared by all rooms, by room id: a room that opens again waits for what the room before it still creates. */
    queue: KeyedQueue<string>;
    workers: RoomWorkers;
    logger: MediaLogger;
    onSpeaker: (sessionId: string | null) => void;
    /** The room has closed its members' media because the worker is full. */
    onMoved: (sessionIds: readonly string[]) => void;
    onEmpty: () => void;
  }) {
    this.id = options.id;
    this.#queue = options.queue;
    this.#workers = options.workers;
    this.#logger = options.logger;
    this.#onSpeaker = options.onSpeaker;
    this.#onMoved = options.onMoved;
    this.#onEmpty = options.onEmpty;
  }

  /** Undefined while the room has no media. */
  get place(): RouterPlace | undefined {
    return this.#place;
  }

  get members(): Iterable<RoomMember> {
    return this.#members;
  }

  enter(member: RoomMember): void {
    this.#members.add(member);
  }

  /** When the last member leaves, the room closes. */
  leave(member: RoomMember): void {
    this.#members.delete(member);
    if (this.#members.size === 0) this.#close();
  }

  /** Makes the router if there is none. Rejects with `media_unavailable`, or `not_joined` when the room has closed. */
  open(): Promise<RouterPlace> {
    const place = this.#place;
    if (place && !place.router.closed) return Promise.resolve(place);
    return this.#queue.run(this.id, () => this.#open());
  }

  /** Lets the room's members consume a producer until it closes. */
  publish(producer: Producer, { speaker }: RouterPlace): void {
    this.producers.set(producer.id, producer);
    producer.observer.once("close", () => this.producers.delete(producer.id));
    if (producer.kind !== "audio") return;
    speaker.add(producer).catch((error: unknown) => {
      // Usually the producer was closed meanwhile.
      this.#logger.debug({ err: error, roomId: this.id }, "the speaker observer did not take a producer");
    });
  }

  /** Counts a consumer until it closes. */
  consumed({ producerId, observer }: Consumer): void {
    this.#consumers.set(producerId, (this.#consumers.get(producerId) ?? 0) + 1);
    observer.once("close", () => {
      const left = (this.#consumers.get(producerId) ?? 0) - 1;
      if (left > 0) this.#consumers.set(producerId, left);
      else this.#consumers.delete(producerId);
    });
  }

  /** Whether somebody in the room consumes this producer. */
  isConsumed(producerId: string): boolean {
    return this.#consumers.has(producerId);
  }

  /** Tells the members if the room was on that worker. @returns whether it was */
  workerLost(worker: MediaWorker): boolean {
    if (this.#place?.worker !== worker) return false;
    this.#forgetPlace();
    for (const member of this.#members) member.workerLost();
    return true;
  }

  /**
   * To be called when the worker has refused to create something for this room. The room moves to another worker if
   * there is one that is not full. Otherwise its members keep the media that they have.
   */
  moveFrom(place: RouterPlace): void {
    if (this.#place !== place || !this.#workers.hasSpareWorker(place.worker)) return;
    const sessionIds = Array.from(this.#members, ({ sessionId }) => sessionId);
    for (const member of this.#members) member.roomMoved();
    this.#leavePlace();
    this.#logger.warn({ roomId: this.id, worker: place.worker.index }, "a media worker is full, a room moves");
    this.#onMoved(sessionIds);
  }

  async #open(): Promise<RouterPlace> {
    if (this.#closed) throw notJoined();
    if (this.#place && !this.#place.router.closed) return this.#place;
    const worker = await this.#workers.acquire();
    try {
      return await this.#openAt(worker);
    } catch (error) {
      if (!worker.full || !this.#workers.hasSpareWorker(worker)) throw error;
      return this.#open();
    }
  }

  async #openAt(worker: MediaWorker): Promise<RouterPlace> {
    const appData: MediaAppData = { roomId: this.id };
    const router = await worker.call(
      "the creation of a router",
      "worker_full",
      () => worker.worker.createRouter({ mediaCodecs: [...MEDIA_CODECS], appData }),
      (late) => late.close(),
    );
    try {
      // The last member may have left in the meantime.
      if (this.#closed) throw notJoined();
      const observer = await worker.call("the creation of a speaker observer", "worker_full", () =>
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
    this.#leavePlace();
    this.#onEmpty();
  }

  #leavePlace(): void {
    const place = this.#place;
    this.#forgetPlace();
    try {
      place?.router.close();
    } catch (error) {
      // Only when the pipe to the worker is broken; then the pool replaces the worker.
      this.#logger.error({ err: error, roomId: this.id }, "a router could not be closed");
    }
  }

  #forgetPlace(): void {
    if (this.#place) this.#place.worker.load.rooms -= 1;
    this.#place = undefined;
    this.producers.clear();
    this.#consumers.clear();
  }
}
