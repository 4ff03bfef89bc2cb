/** What the service needs of media. `media/` implements it with mediasoup workers, and without any. */
import type { JsonObject, ProducerView } from "@lastseen/protocol";

/** ICE/DTLS evidence of a session's transports. `lost`: some were connected and none is now. */
export type MediaEvidence = "connected" | "lost";

/** What the media plane tells. Session and room ids are those that were given to {@link MediaPlane.join}. */
export interface MediaEvents {
  /** `by`: which of the two told of a loss. */
  evidence: { sessionId: string; state: MediaEvidence; by?: "ice" | "dtls" };
  producer_opened: { roomId: string; sessionId: string; producer: ProducerView };
  producer_changed: { roomId: string; sessionId: string; producerId: string; paused: boolean };
  producer_closed: { roomId: string; sessionId: string; producerId: string };
  consumer_closed: { sessionId: string; consumerId: string; reason: "producer_closed" | "transport_closed" };
  transport_closed: { sessionId: string; transportId: string; reason: "connect_timeout" | "replaced" };
  /** `sessionId` of the loudest, or null when nobody speaks. */
  active_speaker: { roomId: string; sessionId: string | null };
  /** All media of these sessions is gone with their worker, or closed since that is full; they stay in the room and make new transports. */
  media_reset: { roomId: string; sessionIds: readonly string[]; reason: "worker_died" | "worker_full" };
  worker_died: { workerIndex: number; rooms: number };
}

/** Media objects of one kind or another that are still there. Empty lists: all gone. */
export interface MediaLeftovers {
  transports: readonly string[];
  producers: readonly string[];
  consumers: readonly string[];
}

/**
 * One session's media in one room: made on join, closed on leave and never reused. Every method that creates something
 * checks after each await whether this was closed meanwhile, and then undoes what it created and throws `not_joined`.
 * Parameters are mediasoup's own; wrong ones throw `bad_message`, unknown ids `not_found`, a worker that does not answer
 * or has died `media_unavailable`.
 */
export interface SessionMedia {
  readonly closed: boolean;
  /** mediasoup's `RtpCapabilities` of the room's router. */
  readonly routerRtpCapabilities: JsonObject | null;
  readonly producers: readonly ProducerView[];
  counts(): { transports: number; producers: number; consumers: number };
  createTransport(direction: "send" | "recv"): Promise<{
    id: string;
    iceParameters: JsonObject;
    iceCandidates: JsonObject[];
    dtlsParameters: JsonObject;
  }>;
  connectTransport(transportId: string, dtlsParameters: JsonObject): Promise<void>;
  restartIce(transportId: string): Promise<{ iceParameters: JsonObject }>;
  produce(request: {
    transportId: string;
    kind: "audio" | "video";
    rtpParameters: JsonObject;
    source?: string;
    paused?: boolean;
  }): Promise<{ producerId: string }>;
  setProducerPaused(producerId: string, paused: boolean): Promise<void>;
  closeProducer(producerId: string): void;
  consume(request: { producerId: string; rtpCapabilities: JsonObject }): Promise<{
    consumerId: string;
    producerId: string;
    kind: "audio" | "video";
    rtpParameters: JsonObject;
    producerPaused: boolean;
  }>;
  setConsumerPaused(consumerId: string, paused: boolean): Promise<void>;
  closeConsumer(consumerId: string): void;
  setPreferredLayers(consumerId: string, spatialLayer: number, temporalLayer: number | undefined): Promise<void>;
  /** Closes all transports, and with them everything else, but stays usable: the page behind the session is a new one. */
  reset(): void;
  /** Closes everything on this side at once. Idempotent, never throws. */
  close(): void;
  /**
   * Asks the worker itself what is left of this session's objects, after {@link close}. Batched with the checks of
   * other sessions in the same room. Rejects when the worker does not answer in time.
   */
  verifyClosed(): Promise<MediaLeftovers>;
}

/** Objects of one kind counted from mediasoup's own events, whoever created them. */
export type MediaKind = "router" | "transport" | "producer" | "consumer";

/** Media objects in this process that name no session, by kind: other code's. Routers are nobody's. */
export type ForeignMedia = Record<Exclude<MediaKind, "router">, number>;

/** A media object that belongs to no live session. */
export interface MediaOrphan {
  kind: MediaKind;
  id: string;
  sessionId: string;
}

export interface MediaPlane {
  /** Whether at least one worker can take rooms. `false` with `SFU_WORKERS=0`. */
  readonly available: boolean;
  readonly enabled: boolean;
  on<K extends keyof MediaEvents>(event: K, listener: (event: MediaEvents[K]) => void): () => void;
  /** Opens (or finds) the room's router and the session's place in it; the router closes with its last session. */
  join(roomId: string, sessionId: string): Promise<SessionMedia>;
  counts(): { workers: number } & Record<MediaKind, number>;
  /** Objects whose session `isLive` denies. Reads this process's own books only. */
  findOrphans(isLive: (sessionId: string) => boolean): readonly MediaOrphan[];
  /** Closes an orphan; `false` when it was gone already. */
  closeOrphan(orphan: MediaOrphan): boolean;
  /**
   * Sessions that have media by this process's books which their worker does not hold any more, in this comparison and
   * in the one before it. Asks the workers; one that does not answer is passed over.
   */
  findLost(): Promise<readonly string[]>;
  /** Counted and reported, never closed. */
  unowned(): ForeignMedia;
  close(): Promise<void>;
}
