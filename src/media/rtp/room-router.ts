import type { Producer, Router } from "mediasoup/types";
import type { KeyedQueue } from "../../kernel/keyed-queue.js";
import { ActiveSpeaker } from "./active-speaker.js";
import { MEDIA_CODECS } from "./codecs.js";
import { notJoined } from "../media-errors.js";
import type { MediaAppData, MediaLogger } from "../media-options.js";
import type { MediaWorker } from "../workers/media-worker.js";

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
  /** Its media is to be closed, to be made anew on another worker. */
  roomMoved(): void;
}

/** What the room needs of the workers. */
export interface RoomWorkers {
  acquire(): Promise<MediaWorker>;
  hasRoomBeside(full: MediaWorker): boolean;
}

/**
 * One room's router: made when its first transport is wanted, on the worker with the least to do, made anew on another
 * one when that worker ends or is full, closed with the room's last member.
 */
export class RoomRouter {
  readonly id: string;
  /** What can be consumed in this room, and in no other. */
  readonly producers = new Map<string, Producer>();
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
    /** Shared by all rooms, by room id: a room that comes back waits for what its predecessor still creates. */
    queue: KeyedQueue<string>;
    workers: RoomWorkers;
    logger: MediaLogger;
    onSpeaker: (sessionId: string | null) => void;
    /** The members' media was closed, since the worker has no room for all of them. */
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

  /**
   * The worker has refused something of this room. The room moves to another one if that has room; otherwise who has
   * media here keeps it.
   */
  moveFrom(place: RouterPlace): void {
    if (this.#place !== place || !this.#workers.hasRoomBeside(place.worker)) return;
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
      if (!worker.full || !this.#workers.hasRoomBeside(worker)) throw error;
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
      // The last member may have left while the worker was busy.
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
      // Only when the pipe to the worker is broken, and then the worker is about to be replaced.
      this.#logger.error({ err: error, roomId: this.id }, "a router could not be closed");
    }
  }

  #forgetPlace(): void {
    if (this.#place) this.#place.worker.load.rooms -= 1;
    this.#place = undefined;
    this.producers.clear();
  }
}
