import type { Consumer, Producer, RtpCapabilities } from "mediasoup/types";
import type { Clock } from "../../kernel/clock.js";
import type { Emitter } from "../../kernel/emitter.js";
import { type JsonObject, LastseenError, type ProducerView } from "@lastseen/protocol";
import type { MediaEvents, MediaLeftovers, MediaRequests, SessionMedia } from "../../ports/media-plane.js";
import { notFound, notJoined } from "../media-errors.js";
import type { MediaAppData, MediaLogger, MediaTimeLimits, SessionMediaLimits } from "../media-options.js";
import type { SendingTransport, SilenceSubject, SilenceWatch } from "../silence.js";
import type { MediaVerifier } from "../workers/media-verifier.js";
import type { RoomMember, RoomRouter } from "./room-router.js";
import type { SessionTransport, UselessReason } from "./session-transport.js";
import { SessionTransports } from "./session-transports.js";
import { TransportContents } from "./transport-contents.js";
import { readDtlsParameters, readRtpCapabilities, readRtpParameters } from "./wire-parameters.js";

/** What the media of all sessions shares. */
export interface SessionMediaParts {
  clock: Clock;
  logger: MediaLogger;
  timeLimits: MediaTimeLimits;
  sessionLimits: SessionMediaLimits;
  verifier: MediaVerifier;
  events: Emitter<MediaEvents>;
  silence: SilenceWatch;
  routerRtpCapabilities: JsonObject;
}

/**
 * A session's transports, producers and consumers in one room.
 *
 * Ids in requests are looked up among the session's own objects, so that no client reaches the objects of others. The one
 * exception is the producer that a client wants to consume: it is looked up in the room. A method that closes an object
 * also emits the event. There are no such events when the session ends, because the others see it leave, nor when the
 * worker ends, because `media_reset` covers it.
 */
export class RoomSessionMedia implements SessionMedia, MediaRequests, RoomMember, SilenceSubject {
  readonly sessionId: string;
  readonly #parts: SessionMediaParts;
  readonly #room: RoomRouter;
  readonly #appData: MediaAppData;
  readonly #transports: SessionTransports;
  readonly #producers: TransportContents<Producer>;
  readonly #consumers: TransportContents<Consumer>;
  /** Consumers that the client knows, because it has resumed them. */
  readonly #known = new WeakSet<Consumer>();
  #stopLooking: (() => void) | undefined;
  #closed = false;

  constructor(parts: SessionMediaParts, room: RoomRouter, sessionId: string) {
    const { events, logger, sessionLimits } = parts;
    this.sessionId = sessionId;
    this.#parts = parts;
    this.#room = room;
    this.#appData = { sessionId, roomId: room.id };
    this.#producers = new TransportContents("producer", sessionLimits.producers, logger);
    this.#consumers = new TransportContents("consumer", sessionLimits.consumers, logger);
    this.#transports = new SessionTransports({
      ...parts,
      room,
      appData: this.#appData,
      onEvidence: (state, by) =>
        events.emit("evidence", state === "lost" ? { sessionId, state, by } : { sessionId, state }),
      onUseless: (transport, reason) => this.#drop(transport, reason),
      contentsOf: (transport) => ({
        producers: this.#producers.idsIn(transport),
        consumers: this.#consumers.idsIn(transport),
      }),
    });
    room.enter(this);
  }

  get closed(): boolean {
    return this.#closed;
  }

  get requests(): MediaRequests {
    return this;
  }

  get routerRtpCapabilities(): JsonObject {
    return this.#parts.routerRtpCapabilities;
  }

  get producers(): readonly ProducerView[] {
    return this.#producers.objects.map(viewOf);
  }

  counts(): { transports: number; producers: number; consumers: number } {
    return { transports: this.#transports.size, producers: this.#producers.size, consumers: this.#consumers.size };
  }

  watch(isWatched: boolean): void {
    this.#stopLooking?.();
    this.#stopLooking = isWatched && !this.#closed ? this.#parts.silence.follow(this) : undefined;
  }

  sending(): readonly SendingTransport[] {
    const active = this.#producers.transportsWith(({ paused }) => !paused);
    return active.map(({ transport }) => transport);
  }

  objectIds(): string[] {
    return [...this.#transports.ids, ...this.#producers.ids, ...this.#consumers.ids];
  }

  createTransport(direction: "send" | "recv"): ReturnType<MediaRequests["createTransport"]> {
    return this.#whileJoined(async () => {
      const { transport } = await this.#transports.create(direction);
      return {
        id: transport.id,
        iceParameters: transport.iceParameters,
        iceCandidates: transport.iceCandidates,
        dtlsParameters: transport.dtlsParameters,
      };
    });
  }

  connectTransport(transportId: string, dtlsParameters: JsonObject): Promise<void> {
    return this.#whileJoined(() => this.#transports.get(transportId).connect(readDtlsParameters(dtlsParameters)));
  }

  restartIce(transportId: string): Promise<{ iceParameters: JsonObject }> {
    return this.#whileJoined(async () => ({ iceParameters: await this.#transports.get(transportId).restartIce() }));
  }

  produce(request: Parameters<MediaRequests["produce"]>[0]): Promise<{ producerId: string }> {
    return this.#whileJoined(async () => {
      const { kind, source, paused = false } = request;
      const transport = this.#transports.get(request.transportId);
      if (transport.direction !== "send") {
        throw new LastseenError("bad_message", "This transport was made for receiving.");
      }
      const rtpParameters = readRtpParameters(request.rtpParameters, kind);
      const appData = source === undefined ? this.#appData : { ...this.#appData, source };
      const { mid } = rtpParameters;
      // No two producers of a transport have the same mid: the client repeats its request because it missed the answer.
      const made = (): Producer | undefined =>
        mid === undefined ? undefined : this.#producers.findIn(transport, (one) => one.rtpParameters.mid === mid);
      const before = made();
      if (before) return { producerId: before.id };
      try {
        const producer = await this.#producers.create(transport, () =>
          transport.transport.produce({ kind, rtpParameters, paused, appData }),
        );
        this.#publish(producer, transport);
        return { producerId: producer.id };
      } catch (error) {
        // The first request was under way on the connection that ended.
        const meanwhile = made();
        if (!meanwhile) throw error;
        return { producerId: meanwhile.id };
      }
    });
  }

  setProducerPaused(producerId: string, paused: boolean): Promise<void> {
    return this.#whileJoined(() => this.#producers.setPaused(producerId, paused));
  }

  closeProducer(producerId: string): void {
    if (this.#closed) throw notJoined();
    this.#producers.get(producerId).close();
    this.#emitProducersClosed([producerId]);
  }

  consume(request: Parameters<MediaRequests["consume"]>[0]): ReturnType<MediaRequests["consume"]> {
    return this.#whileJoined(async () => {
      const { producerId } = request;
      const rtpCapabilities = readRtpCapabilities(request.rtpCapabilities);
      if (!this.#room.producers.has(producerId)) throw notFound("producer");
      const transport = this.#transports.latestForReceiving();
      if (!transport) throw notFound("transport");
      if (!transport.place.router.canConsume({ producerId, rtpCapabilities })) {
        throw new LastseenError("bad_message", "These capabilities do not suffice to receive this producer.");
      }
      const consumer =
        // A consumer that the client has never resumed: it repeats its request because it missed the answer.
        this.#consumers.findIn(transport, (made) => made.producerId === producerId && !this.#known.has(made)) ??
        (await this.#consume(transport, producerId, rtpCapabilities));
      const { id: consumerId, kind, rtpParameters, producerPaused } = consumer;
      return { consumerId, producerId, kind, rtpParameters, producerPaused };
    });
  }

  setConsumerPaused(consumerId: string, paused: boolean): Promise<void> {
    return this.#whileJoined(async () => {
      await this.#consumers.setPaused(consumerId, paused);
      if (!paused) this.#known.add(this.#consumers.get(consumerId));
    });
  }

  closeConsumer(consumerId: string): void {
    if (this.#closed) throw notJoined();
    this.#consumers.get(consumerId).close();
  }

  setPreferredLayers(consumerId: string, spatialLayer: number, temporalLayer: number | undefined): Promise<void> {
    const layers = temporalLayer === undefined ? { spatialLayer } : { spatialLayer, temporalLayer };
    return this.#whileJoined(() => this.#consumers.setPreferredLayers(consumerId, layers));
  }

  reset(): void {
    if (this.#closed) return;
    const producerIds = this.#producers.ids;
    this.#transports.closeAll();
    this.#emitProducersClosed(producerIds);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopLooking?.();
    this.#transports.closeAll();
    this.#room.leave(this);
  }

  /** The media is on a worker of this node. */
  handOver(): void {
    this.close();
  }

  verifyClosed(): Promise<MediaLeftovers> {
    return this.#transports.verifyClosed();
  }

  roomMoved(): void {
    this.#transports.closeAll();
    this.#producers.clear();
    this.#consumers.clear();
  }

  workerLost(): void {
    this.#transports.workerLost();
    this.#producers.clear();
    this.#consumers.clear();
  }

  /** If the session leaves while `work` runs, its outcome does not matter and the client gets `not_joined`. */
  async #whileJoined<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) throw notJoined();
    let result: T;
    try {
      result = await work();
    } catch (error) {
      throw this.#closed ? notJoined() : error;
    }
    if (this.#closed) throw notJoined();
    return result;
  }

  #publish(producer: Producer, transport: SessionTransport): void {
    const { events } = this.#parts;
    const who = { roomId: this.#room.id, sessionId: this.sessionId };
    const emitChange = (paused: boolean): void =>
      events.emit("producer_changed", { ...who, producerId: producer.id, paused });
    producer.observer.on("pause", () => emitChange(true));
    producer.observer.on("resume", () => emitChange(false));
    this.#room.publish(producer, transport.place);
    events.emit("producer_opened", { ...who, producer: viewOf(producer) });
  }

  async #consume(transport: SessionTransport, producerId: string, rtpCapabilities: RtpCapabilities): Promise<Consumer> {
    const consumer = await this.#consumers.create(transport, () =>
      // Paused, so that the worker sends the first key frame only when the client is ready.
      transport.transport.consume({ producerId, rtpCapabilities, paused: true, appData: this.#appData }),
    );
    consumer.on("producerclose", () => this.#emitConsumersClosed([consumer.id], "producer_closed"));
    return consumer;
  }

  /** Closes one transport while the session stays, and tells the client and the others what is gone. */
  #drop(transport: SessionTransport, reason: UselessReason): void {
    const { sessionId } = this;
    const { events, logger } = this.#parts;
    const producerIds = this.#producers.idsIn(transport);
    const consumerIds = this.#consumers.idsIn(transport);
    logger.debug({ sessionId, transportId: transport.id, reason }, "transport closed");
    this.#transports.close(transport);
    this.#emitProducersClosed(producerIds);
    this.#emitConsumersClosed(consumerIds, "transport_closed");
    // A client that has ended DTLS itself knows.
    if (reason === "dtls_ended") return;
    events.emit("transport_closed", { sessionId, transportId: transport.id, reason });
  }

  #emitProducersClosed(producerIds: readonly string[]): void {
    const { sessionId } = this;
    for (const producerId of producerIds) {
      this.#parts.events.emit("producer_closed", { roomId: this.#room.id, sessionId, producerId });
    }
  }

  #emitConsumersClosed(consumerIds: readonly string[], reason: "producer_closed" | "transport_closed"): void {
    if (this.#closed) return;
    const { sessionId } = this;
    for (const consumerId of consumerIds) {
      this.#parts.events.emit("consumer_closed", { sessionId, consumerId, reason });
    }
  }
}

function viewOf({ id, kind, paused, appData: { source } }: Producer): ProducerView {
  return typeof source === "string" ? { id, kind, source, paused } : { id, kind, paused };
}
