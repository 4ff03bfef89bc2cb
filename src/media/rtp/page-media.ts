import type { Consumer, Producer } from "mediasoup/types";
import { LastseenError } from "@lastseen/protocol";
import type { Clock } from "../../kernel/clock.js";
import type { MediaEvidence, MediaRequests } from "../../ports/media-plane.js";
import type { ConnectivityCause } from "../connectivity.js";
import { notFound } from "../media-errors.js";
import type { MediaAppData, MediaLogger, MediaTimeLimits, SessionMediaLimits } from "../media-options.js";
import type { MediaVerifier } from "../workers/media-verifier.js";
import type { RoomRouter, RouterPlace } from "./room-router.js";
import type { SessionTransport, UselessReason } from "./session-transport.js";
import { SessionTransports, type Unverified } from "./session-transports.js";
import { TransportContents } from "./transport-contents.js";
import { readRtpCapabilities, readRtpParameters } from "./wire-parameters.js";

/** What the media of all pages shares. */
export interface PageMediaParts {
  clock: Clock;
  logger: MediaLogger;
  timeLimits: MediaTimeLimits;
  sessionLimits: SessionMediaLimits;
  verifier: MediaVerifier;
}

/** What one page has made for its session. After a tab change the next page begins with a new one. */
export class PageMedia {
  readonly transports: SessionTransports;
  readonly producers: TransportContents<Producer>;
  readonly consumers: TransportContents<Consumer>;
  /** Consumers that the client knows, because it has resumed them. */
  readonly #known = new WeakSet<Consumer>();

  constructor(
    parts: PageMediaParts,
    owner: { room: RoomRouter; appData: MediaAppData; unverified: Unverified },
    listener: {
      onEvidence: (state: MediaEvidence, by: ConnectivityCause) => void;
      /** The listener has to close the transport and to report what was in it. */
      onUseless: (transport: SessionTransport, reason: UselessReason) => void;
    },
  ) {
    const { logger, sessionLimits } = parts;
    this.producers = new TransportContents("producer", sessionLimits.producers, logger);
    this.consumers = new TransportContents("consumer", sessionLimits.consumers, logger);
    this.transports = new SessionTransports({
      ...parts,
      ...owner,
      ...listener,
      contentsOf: (transport) => ({
        producers: this.producers.idsIn(transport),
        consumers: this.consumers.idsIn(transport),
      }),
    });
  }

  /** Ids of all transports, producers and consumers. */
  get ids(): string[] {
    return [...this.transports.ids, ...this.producers.ids, ...this.consumers.ids];
  }

  /**
   * A request with the `mid` of a producer that the transport has is a repeat: the client has missed the answer.
   * @returns `isRepeat`: an earlier request has made the producer
   */
  async produce(
    { transportId, kind, rtpParameters: given, source, paused = false }: Parameters<MediaRequests["produce"]>[0],
    owner: MediaAppData,
  ): Promise<{ producer: Producer; place: RouterPlace; isRepeat: boolean }> {
    const transport = this.transports.get(transportId);
    if (transport.direction !== "send") {
      throw new LastseenError("bad_message", "This transport was made for receiving.");
    }
    const rtpParameters = readRtpParameters(given, kind);
    const appData = source === undefined ? owner : { ...owner, source };
    const { place } = transport;
    const { mid } = rtpParameters;
    const made = (): Producer | undefined =>
      mid === undefined ? undefined : this.producers.findIn(transport, (one) => one.rtpParameters.mid === mid);
    const before = made();
    if (before) return { producer: before, place, isRepeat: true };
    try {
      const producer = await this.producers.create(transport, () =>
        transport.transport.produce({ kind, rtpParameters, paused, appData }),
      );
      return { producer, place, isRepeat: false };
    } catch (error) {
      // The first request was under way on the connection that ended.
      const meanwhile = made();
      if (!meanwhile) throw error;
      return { producer: meanwhile, place, isRepeat: true };
    }
  }

  /** @param made gets a consumer that is new */
  async consume(
    { producerId, rtpCapabilities: given }: Parameters<MediaRequests["consume"]>[0],
    room: RoomRouter,
    appData: MediaAppData,
    made: (consumer: Consumer) => void,
  ): Promise<Consumer> {
    const rtpCapabilities = readRtpCapabilities(given);
    if (!room.producers.has(producerId)) throw notFound("producer");
    const transport = this.transports.latestForReceiving();
    if (!transport) throw notFound("transport");
    if (!transport.place.router.canConsume({ producerId, rtpCapabilities })) {
      throw new LastseenError("bad_message", "These capabilities do not suffice to receive this producer.");
    }
    // A consumer that the client has never resumed: it repeats its request because it missed the answer.
    const missed = this.consumers.findIn(
      transport,
      (other) => other.producerId === producerId && !this.#known.has(other),
    );
    if (missed) return missed;
    const consumer = await this.consumers.create(transport, () =>
      // Paused, so that the worker sends the first key frame only when the client is ready.
      transport.transport.consume({ producerId, rtpCapabilities, paused: true, appData }),
    );
    room.consumed(consumer);
    made(consumer);
    return consumer;
  }

  async setConsumerPaused(consumerId: string, paused: boolean): Promise<void> {
    await this.consumers.setPaused(consumerId, paused);
    if (!paused) this.#known.add(this.consumers.get(consumerId));
  }

  /** Closes one transport. @returns the ids of what was in it */
  closeTransport(transport: SessionTransport): { producerIds: string[]; consumerIds: string[] } {
    const closed = { producerIds: this.producers.idsIn(transport), consumerIds: this.consumers.idsIn(transport) };
    this.transports.close(transport);
    return closed;
  }

  /** Closes everything. @returns the ids of the producers that were closed */
  close(): string[] {
    const { ids } = this.producers;
    this.transports.closeAll();
    return ids;
  }

  /** Closes what it can. The room's router closes next, and its objects may not report that they closed. */
  leaveRouter(): void {
    this.transports.closeAll();
    this.#clear();
  }

  /** The worker has ended, and its objects may not report that they closed. */
  workerLost(): void {
    this.transports.workerLost();
    this.#clear();
  }

  #clear(): void {
    this.producers.clear();
    this.consumers.clear();
  }
}
