import { observer } from "mediasoup";
import type { Clock } from "../../kernel/clock.js";
import { Emitter } from "../../kernel/emitter.js";
import { KeyedQueue } from "../../kernel/keyed-queue.js";
import type { ForeignMedia, MakingMediaPlane, MediaEvents, MediaKind, MediaOrphan } from "../../ports/media-plane.js";
import { MediaInventory } from "../workers/media-inventory.js";
import { LostMedia } from "./lost-media.js";
import { mediaUnavailable } from "../media-errors.js";
import { MEDIA_TIME_LIMITS, SESSION_MEDIA_LIMITS, type MediaLogger, type MediaPlaneOptions } from "../media-options.js";
import { MediaVerifier } from "../workers/media-verifier.js";
import type { MediaWorker } from "../workers/media-worker.js";
import { RoomRouter } from "./room-router.js";
import { routerCapabilities } from "./router-capabilities.js";
import { SilenceWatch } from "../silence.js";
import { RoomSessionMedia, type SessionMediaParts } from "./session-media.js";
import { WorkerPool } from "../workers/worker-pool.js";

/**
 * The media side of a service that makes the media itself: mediasoup workers, a router for each room that uses media,
 * and the transports of its sessions. Requests come in through {@link RoomSessionMedia}; what mediasoup reports goes out as
 * {@link MediaEvents}.
 *
 *     RtpPlane -> WorkerPool -> MediaWorker
 *                    -> RoomRouter -> RoomSessionMedia -> SessionTransports -> SessionTransport
 */
export class RtpPlane implements MakingMediaPlane {
  readonly enabled = true;
  readonly #clock: Clock;
  readonly #logger: MediaLogger;
  readonly #inventory: MediaInventory;
  readonly #events: Emitter<MediaEvents>;
  readonly #parts: SessionMediaParts;
  readonly #lost: LostMedia;
  readonly #rooms = new Map<string, RoomRouter>();
  readonly #queue = new KeyedQueue<string>();
  #pool: WorkerPool | undefined;
  #closing: Promise<void> | undefined;

  private constructor(options: MediaPlaneOptions) {
    const { clock, logger } = options;
    const timeLimits = { ...MEDIA_TIME_LIMITS, ...options.timeLimits };
    this.#clock = clock;
    this.#logger = logger;
    this.#inventory = new MediaInventory(observer);
    this.#events = new Emitter((error, event) =>
      logger.error({ err: error, event }, "a media event's listener failed"),
    );
    this.#parts = {
      clock,
      logger,
      timeLimits,
      sessionLimits: { ...SESSION_MEDIA_LIMITS, ...options.sessionLimits },
      verifier: new MediaVerifier(clock, timeLimits),
      events: this.#events,
      silence: new SilenceWatch(clock, (event) => this.#events.emit("silence", event)),
      routerRtpCapabilities: routerCapabilities(),
    };
    this.#lost = new LostMedia(this.#parts.verifier, logger);
  }

  /** Starts the workers. When one of them cannot be started, ends the others and rejects. */
  static async create(options: MediaPlaneOptions): Promise<RtpPlane> {
    const plane = new RtpPlane(options);
    const { workers, workerBin, listenIp, announcedIp, port } = options;
    try {
      plane.#pool = await WorkerPool.create({
        clock: plane.#clock,
        logger: plane.#logger,
        limits: plane.#parts.timeLimits,
        workers,
        workerBin,
        listenIp,
        announcedIp,
        port,
        onLost: (worker, died) => plane.#workerLost(worker, died),
      });
      return plane;
    } catch (error) {
      plane.#inventory.close();
      throw error;
    }
  }

  get available(): boolean {
    return this.#pool !== undefined && this.#pool.size > 0 && !this.#closing;
  }

  on<K extends keyof MediaEvents>(event: K, listener: (event: MediaEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  /** Does not need a worker: the room gets its router with its first transport. */
  async join(roomId: string, sessionId: string): Promise<RoomSessionMedia> {
    if (this.#closing) throw mediaUnavailable();
    const room = this.#rooms.get(roomId) ?? this.#openRoom(roomId);
    return new RoomSessionMedia(this.#parts, room, sessionId);
  }

  lookForSilence(afterMs: number): void {
    this.#parts.silence.look(afterMs);
  }

  counts(): { workers: number } & Record<MediaKind, number> {
    return { workers: this.#pool?.size ?? 0, ...this.#inventory.counts() };
  }

  findOrphans(isLive: (sessionId: string) => boolean): readonly MediaOrphan[] {
    return this.#inventory.findOrphans(isLive);
  }

  closeOrphan(orphan: MediaOrphan): boolean {
    return this.#inventory.closeOrphan(orphan);
  }

  findLost(): Promise<readonly string[]> {
    return this.#lost.find(this.#rooms.values());
  }

  unowned(): ForeignMedia {
    return this.#inventory.unowned();
  }

  /** Closes all media and ends the workers, without events: the service tells its clients that it stops. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    for (const room of this.#rooms.values()) {
      for (const member of room.members) member.close();
    }
    await this.#pool?.close();
    this.#inventory.close();
  }

  #openRoom(id: string): RoomRouter {
    const room = new RoomRouter({
      id,
      queue: this.#queue,
      workers: {
        acquire: () => (this.#pool ? this.#pool.acquire() : Promise.reject(mediaUnavailable())),
        hasSpareWorker: (full) => this.#pool?.hasSpareWorker(full) ?? false,
      },
      logger: this.#logger,
      onSpeaker: (sessionId) => this.#events.emit("active_speaker", { roomId: id, sessionId }),
      onMoved: (sessionIds) => this.#events.emit("media_reset", { roomId: id, sessionIds, reason: "worker_full" }),
      onEmpty: () => this.#rooms.delete(id),
    });
    this.#rooms.set(id, room);
    return room;
  }

  #workerLost(worker: MediaWorker, died: boolean): void {
    const lost = [...this.#rooms.values()].filter((room) => room.workerLost(worker));
    this.#logger.warn({ worker: worker.index, died, rooms: lost.length }, "rooms lost their media");
    for (const room of lost) {
      const sessionIds = Array.from(room.members, ({ sessionId }) => sessionId);
      this.#events.emit("media_reset", { roomId: room.id, sessionIds, reason: "worker_died" });
    }
    this.#events.emit("worker_died", { workerIndex: worker.index, rooms: lost.length });
  }
}
