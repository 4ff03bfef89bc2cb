/**
 * What the service needs of the media side. `media/` implements it with mediasoup workers, with those of an application, and
 * without any.
 */
import type { JsonObject, ProducerView } from "@lastseen/protocol";

/** What ICE and DTLS say about a session. `lost`: at least one transport was connected, and none is now. */
export type MediaEvidence = "connected" | "lost";

/** Each change of what ICE and DTLS say. `by`: which of the two reported a loss. */
export type EvidenceEvent =
  { sessionId: string; state: "connected" } | { sessionId: string; state: "lost"; by: "ice" | "dtls" };

/**
 * What the media plane reports. Session and room ids are those that `join` got. The plane does not report what a session
 * loses by its own `close`.
 */
export interface MediaEvents {
  evidence: EvidenceEvent;
  /** Nobody can tell of the session's media any more, because its agent is away. What was reported before counts no more. */
  evidence_unknown: { sessionId: string };
  /** Nothing has come for a while from a client that sends media, or something comes again. Only of watched sessions. */
  silence: { sessionId: string; isSilent: boolean };
  producer_opened: { roomId: string; sessionId: string; producer: ProducerView };
  producer_changed: { roomId: string; sessionId: string; producerId: string; paused: boolean };
  producer_closed: { roomId: string; sessionId: string; producerId: string };
  consumer_closed: { sessionId: string; consumerId: string; reason: "producer_closed" | "transport_closed" };
  transport_closed: { sessionId: string; transportId: string; reason: "connect_timeout" | "replaced" };
  /** `sessionId` of the loudest participant, or null when nobody speaks. */
  active_speaker: { roomId: string; sessionId: string | null };
  /**
   * All media of these sessions is gone because their worker ended, or closed because it is full. The sessions stay in
   * the room and make new transports.
   */
  media_reset: { roomId: string; sessionIds: readonly string[]; reason: "worker_died" | "worker_full" };
  /** Both are null when the worker belongs to the application: the service has not numbered it and knows no rooms on it. */
  worker_died: { workerIndex: number; rooms: number } | { workerIndex: null; rooms: null };
}

/** Ids of media objects that a worker still holds. Empty lists: all are gone. */
export interface MediaLeftovers {
  transports: readonly string[];
  producers: readonly string[];
  consumers: readonly string[];
}

/** What a check found. `unseen`: the plane does not see the worker of this media, so nobody knows what is left. */
export type MediaCheck = MediaLeftovers | "unseen";

/** Whether a plane sees the media of its sessions. `none`: there is no media. `why`: a sentence for operators. */
export type MediaSight = { readonly state: "none" | "seen" } | { readonly state: "unseen"; readonly why: string };

/**
 * The media of a tab whose session another tab of the user has taken over. It goes on until the new tab sends the same.
 * Whichever of the two methods is called first ends the change; after that both do nothing.
 */
export interface TabChange {
  /** Closes now what is left of the tab before. */
  finish(): void;
  /**
   * The new tab has failed: closes what it has made, and the tab before goes on.
   *
   * @returns whether everything of the tab before is still there
   */
  undo(): boolean;
}

/** One session's media in one room: made on join, closed on leave and never used again. */
export interface SessionMedia {
  readonly closed: boolean;
  /** What the client can ask for; null when this plane makes no media for clients. */
  readonly requests: MediaRequests | null;
  counts(): { transports: number; producers: number; consumers: number };
  /** Whether the plane looks for silence of this session's sending transports, and reports it as `silence`. */
  watch(isWatched: boolean): void;
  /** Closes all transports and what is in them, and stays usable: a new page has resumed the session. */
  reset(): void;
  /**
   * Another tab has the session now. Producers of these sources that are not paused go on, with the transports of their tab, until
   * the new tab's producer of the same source and kind carries media and nobody receives the old one any more: 2 s after the first
   * packet at the latest, and 5 s after this call. One whose successor is paused or closed ends at once. All else is closed as by
   * {@link reset}.
   *
   * @param over called once, when nothing of the tab before is left; not after an `undo`
   * @returns undefined when nothing goes on
   */
  changeTab(sources: readonly string[], over: () => void): TabChange | undefined;
  /** Closes everything at once, without waiting for the worker. Idempotent, never throws. */
  close(): void;
  /**
   * Another node goes on with the session. Closes media in this process, and leaves media elsewhere to that node. Idempotent,
   * never throws.
   */
  handOver(): void;
  /**
   * Asks the worker which of this session's closed objects it still holds. One answer serves the checks of other sessions
   * in the same room too. Rejects when the worker does not answer in time.
   */
  verifyClosed(): Promise<MediaCheck>;
}

/**
 * What a client can ask for. When the session's media is closed, each method throws `not_joined`; when that happens while a
 * method creates something, the method also undoes that. Parameters are mediasoup's own. Wrong parameters throw
 * `bad_message`, unknown ids `not_found`, and a worker that has died or does not answer `media_unavailable`.
 */
export interface MediaRequests {
  /** mediasoup's `RtpCapabilities` of the room's router. */
  readonly routerRtpCapabilities: JsonObject;
  readonly producers: readonly ProducerView[];
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
  /** The consumer begins paused. */
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
}

/** The kinds of mediasoup objects that are counted. */
export type MediaKind = "router" | "transport" | "producer" | "consumer";

/** How many media objects in this process name no session, because other code made them. Routers never name one. */
export type ForeignMedia = Record<Exclude<MediaKind, "router">, number>;

/** A media object that belongs to no live session. */
export interface MediaOrphan {
  kind: MediaKind;
  id: string;
  sessionId: string;
}

/** A plane on which applications make the media. A session there lasts as long as the session of the service, in any room. */
export interface ApplicationMedia {
  /** From now on, media that names this session closes with it. `isContinued`: another node, or an earlier start, held it before. */
  openSession(sessionId: string, isContinued: boolean): void;
  /**
   * Closes the session's media, and from now on all that the application makes for it later.
   *
   * @returns what the workers still hold. Rejects when that is not known yet: to be called again then
   */
  endSession(sessionId: string): Promise<MediaCheck>;
  /** The same where another node goes on with the session: media in other processes stays. */
  handOverSession(sessionId: string): Promise<MediaCheck>;
}

/** What every media plane does. */
interface AnyMediaPlane {
  /** @returns a function that removes the listener */
  on<K extends keyof MediaEvents>(event: K, listener: (event: MediaEvents[K]) => void): () => void;
  /**
   * Looks whether media still comes from the watched sessions that send any, and reports `silence`. To be called several
   * times a second.
   *
   * @param afterMs how long nothing has to come, about
   */
  lookForSilence(afterMs: number): void;
  /** All objects in this process, no matter which code made them. */
  counts(): { workers: number } & Record<MediaKind, number>;
  /**
   * Objects of sessions for which `isLive` returns false, by the records of this process; asks no worker. When all of them
   * are closed, no worker holds anything of these sessions.
   */
  findOrphans(isLive: (sessionId: string) => boolean): readonly MediaOrphan[];
  /** Closes an orphan. @returns `false` when it was gone already, or belongs to another session */
  closeOrphan(orphan: MediaOrphan): boolean;
  /** Objects of other code. They are counted and reported, and never closed. */
  unowned(): ForeignMedia;
  /** Ends what the plane itself has started, without events. Idempotent. */
  close(): Promise<void>;
}

/** A plane that makes the media itself, on its own workers, as clients ask for it. */
export interface MakingMediaPlane extends AnyMediaPlane {
  readonly enabled: true;
  /** Whether at least one worker can take rooms. */
  readonly available: boolean;
  /**
   * Adds the session to the room's media. The room's router closes with its last session.
   *
   * @throws LastseenError `media_unavailable` when the plane is closed
   */
  join(roomId: string, sessionId: string): Promise<SessionMedia & { readonly requests: MediaRequests }>;
  /**
   * Sessions with media that is in the records of this process and that the worker does not hold any more, both in this
   * comparison and in the one before. Asks the workers and skips those that do not answer.
   */
  findLost(): Promise<readonly string[]>;
}

/** A plane on which clients cannot make media: there is none, or an application makes it and the plane only closes it. */
export interface PassiveMediaPlane extends AnyMediaPlane {
  readonly enabled: false;
  readonly available: false;
  readonly sight: MediaSight;
  /** Adds the session: media that names it belongs to it from now on. */
  join(roomId: string, sessionId: string): Promise<SessionMedia & { readonly requests: null }>;
}

/** `enabled` tells the two apart: whether clients can make media here at all. */
export type MediaPlane = MakingMediaPlane | PassiveMediaPlane;
