import type { Producer } from "mediasoup/types";
import type { Emitter } from "../../kernel/emitter.js";
import type { JsonObject, ProducerView } from "@lastseen/protocol";
import type { MediaEvents, MediaLeftovers, MediaRequests, SessionMedia, TabChange } from "../../ports/media-plane.js";
import { notFound, notJoined } from "../media-errors.js";
import type { MediaAppData } from "../media-options.js";
import type { SendingTransport, SilenceSubject, SilenceWatch } from "../silence.js";
import { ClosedMedia } from "../workers/closed-media.js";
import { PageMedia, type PageMediaParts } from "./page-media.js";
import type { RoomMember, RoomRouter } from "./room-router.js";
import { SessionMediaEvents, viewOf } from "./session-media-events.js";
import type { SessionTransport, UselessReason } from "./session-transport.js";
import { MediaTabChange } from "./tab-change.js";
import { readDtlsParameters } from "./wire-parameters.js";

/** What the media of all sessions shares. */
export interface SessionMediaParts extends PageMediaParts {
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
 *
 * Each page of the session has a {@link PageMedia} of its own. There are two of them while a {@link MediaTabChange} goes on;
 * requests and evidence are about the newer one.
 */
export class RoomSessionMedia implements SessionMedia, MediaRequests, RoomMember, SilenceSubject {
  readonly sessionId: string;
  readonly #parts: SessionMediaParts;
  readonly #room: RoomRouter;
  readonly #appData: MediaAppData;
  readonly #events: SessionMediaEvents;
  readonly #unverified = { closed: new ClosedMedia(), underWay: new Set<Promise<unknown>>() };
  /** What the page has made that owns the session. */
  #page: PageMedia;
  /** The media of the tab before, while it goes on. */
  #before: { page: PageMedia; change: TabChange } | undefined;
  #stopLooking: (() => void) | undefined;
  #closed = false;

  constructor(parts: SessionMediaParts, room: RoomRouter, sessionId: string) {
    this.sessionId = sessionId;
    this.#parts = parts;
    this.#room = room;
    this.#appData = { sessionId, roomId: room.id };
    this.#events = new SessionMediaEvents(parts.events, { sessionId, roomId: room.id });
    this.#page = this.#openPage();
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
    return this.#pages.flatMap(({ producers }) => producers.objects.map(viewOf));
  }

  counts(): { transports: number; producers: number; consumers: number } {
    const sum = (kind: "transports" | "producers" | "consumers"): number =>
      this.#pages.reduce((total, page) => total + page[kind].size, 0);
    return { transports: sum("transports"), producers: sum("producers"), consumers: sum("consumers") };
  }

  watch(isWatched: boolean): void {
    this.#stopLooking?.();
    this.#stopLooking = isWatched && !this.#closed ? this.#parts.silence.follow(this) : undefined;
  }

  sending(): readonly SendingTransport[] {
    const active = this.#page.producers.transportsWith(({ paused }) => !paused);
    return active.map(({ transport }) => transport);
  }

  objectIds(): string[] {
    return this.#pages.flatMap(({ ids }) => ids);
  }

  createTransport(direction: "send" | "recv"): ReturnType<MediaRequests["createTransport"]> {
    return this.#whileJoined(async () => {
      const { transport } = await this.#page.transports.create(direction);
      const { id, iceParameters, iceCandidates, dtlsParameters } = transport;
      return { id, iceParameters, iceCandidates, dtlsParameters };
    });
  }

  connectTransport(transportId: string, dtlsParameters: JsonObject): Promise<void> {
    return this.#whileJoined(() => this.#page.transports.get(transportId).connect(readDtlsParameters(dtlsParameters)));
  }

  restartIce(transportId: string): Promise<{ iceParameters: JsonObject }> {
    return this.#whileJoined(async () => ({
      iceParameters: await this.#page.transports.get(transportId).restartIce(),
    }));
  }

  produce(request: Parameters<MediaRequests["produce"]>[0]): Promise<{ producerId: string }> {
    return this.#whileJoined(async () => {
      const page = this.#page;
      const { producer, place, isRepeat } = await page.produce(request, this.#appData);
      if (page !== this.#page) {
        // Another tab has taken the session over in the meantime.
        if (!isRepeat) producer.close();
        throw notFound("transport");
      }
      if (!isRepeat) {
        this.#room.publish(producer, place);
        this.#events.opened(producer);
      }
      return { producerId: producer.id };
    });
  }

  setProducerPaused(producerId: string, paused: boolean): Promise<void> {
    return this.#whileJoined(() => this.#page.producers.setPaused(producerId, paused));
  }

  /** A page may also close what the tab before it still sends: the roster shows both. */
  closeProducer(producerId: string): void {
    if (this.#closed) throw notJoined();
    const page = this.#before?.page.producers.has(producerId) ? this.#before.page : this.#page;
    page.producers.get(producerId).close();
    this.#emitProducersClosed([producerId]);
  }

  consume(request: Parameters<MediaRequests["consume"]>[0]): ReturnType<MediaRequests["consume"]> {
    return this.#whileJoined(async () => {
      const page = this.#page;
      const consumer = await page.consume(request, this.#room, this.#appData, (made) => {
        made.on("producerclose", () => this.#emitConsumersClosed(page, [made.id], "producer_closed"));
      });
      const { id: consumerId, producerId, kind, rtpParameters, producerPaused } = consumer;
      return { consumerId, producerId, kind, rtpParameters, producerPaused };
    });
  }

  setConsumerPaused(consumerId: string, paused: boolean): Promise<void> {
    return this.#whileJoined(() => this.#page.setConsumerPaused(consumerId, paused));
  }

  closeConsumer(consumerId: string): void {
    if (this.#closed) throw notJoined();
    this.#page.consumers.get(consumerId).close();
  }

  setPreferredLayers(consumerId: string, spatialLayer: number, temporalLayer: number | undefined): Promise<void> {
    const layers = temporalLayer === undefined ? { spatialLayer } : { spatialLayer, temporalLayer };
    return this.#whileJoined(() => this.#page.consumers.setPreferredLayers(consumerId, layers));
  }

  reset(): void {
    if (this.#closed) return;
    this.#before?.change.finish();
    this.#emitProducersClosed(this.#page.close());
  }

  changeTab(sources: readonly string[], over: () => void): TabChange | undefined {
    if (this.#closed) return undefined;
    this.#before?.change.finish();
    const page = this.#page;
    const all = page.producers.objects;
    const goesOn = all.filter(
      ({ paused, appData: { source } }) => !paused && typeof source === "string" && sources.includes(source),
    );
    if (goesOn.length === 0) {
      this.reset();
      return undefined;
    }
    page.transports.createNoMore();
    const { size } = page.transports;
    this.#page = this.#openPage();
    const stop = (producer: Pick<Producer, "id" | "close">): void => {
      producer.close();
      this.#emitProducersClosed([producer.id]);
    };
    const change = new MediaTabChange(this.#parts.clock, {
      producers: goesOn,
      isWhole: () => goesOn.length === all.length && page.transports.size === size,
      next: () => this.#page.producers.objects,
      isConsumed: (producerId) => this.#room.isConsumed(producerId),
      stop,
      over: () => {
        this.#before = undefined;
        this.#emitProducersClosed(page.close());
        over();
      },
      undone: () => this.#undo(page),
    });
    this.#before = { page, change };
    for (const producer of all) if (!goesOn.includes(producer)) stop(producer);
    return change;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopLooking?.();
    this.#before?.change.finish();
    this.#page.close();
    this.#room.leave(this);
  }

  /** The media is on a worker of this node. */
  handOver(): void {
    this.close();
  }

  verifyClosed(): Promise<MediaLeftovers> {
    return this.#page.transports.verifyClosed();
  }

  roomMoved(): void {
    for (const page of this.#pages) page.leaveRouter();
    this.#before?.change.finish();
  }

  workerLost(): void {
    for (const page of this.#pages) page.workerLost();
    this.#before?.change.finish();
  }

  /** What the session's pages have made: that of the page that owns it, and before it that of the tab before. */
  get #pages(): PageMedia[] {
    return this.#before ? [this.#before.page, this.#page] : [this.#page];
  }

  #openPage(): PageMedia {
    const owner = { room: this.#room, appData: this.#appData, unverified: this.#unverified };
    const page: PageMedia = new PageMedia(this.#parts, owner, {
      onEvidence: (state, by) => {
        // What is known of the tab before says nothing about the page that owns the session.
        if (page === this.#page) this.#events.evidence(state, by);
      },
      onUseless: (transport, reason) => this.#drop(page, transport, reason),
    });
    return page;
  }

  /** The new tab has failed, and this one before it goes on. */
  #undo(page: PageMedia): void {
    const failed = this.#page;
    this.#before = undefined;
    this.#page = page;
    this.#emitProducersClosed(failed.close());
    const { state, lostBy } = page.transports.evidence;
    if (state !== "none") this.#events.evidence(state, lostBy ?? "ice");
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

  /** Closes one transport while the session stays, and tells the client and the others what is gone. */
  #drop(page: PageMedia, transport: SessionTransport, reason: UselessReason): void {
    const { sessionId } = this;
    this.#parts.logger.debug({ sessionId, transportId: transport.id, reason }, "transport closed");
    const { producerIds, consumerIds } = page.closeTransport(transport);
    this.#emitProducersClosed(producerIds);
    this.#emitConsumersClosed(page, consumerIds, "transport_closed");
    // A client that has ended DTLS itself knows.
    if (reason === "dtls_ended" || page !== this.#page) return;
    this.#events.transportClosed(transport.id, reason);
  }

  #emitProducersClosed(producerIds: readonly string[]): void {
    if (!this.#closed) this.#events.producersClosed(producerIds);
  }

  #emitConsumersClosed(
    page: PageMedia,
    consumerIds: readonly string[],
    reason: MediaEvents["consumer_closed"]["reason"],
  ): void {
    if (!this.#closed && page === this.#page) this.#events.consumersClosed(consumerIds, reason);
  }
}
