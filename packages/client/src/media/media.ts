/**
 * Audio and video of a {@link LastseenClient}, with mediasoup-client. Publications and subscriptions outlive transports:
 * after a lost transport, a `media_reset` or a new session, the client makes them again.
 */
import type { LastseenClient } from "../client.js";
import { browserEnvironment } from "../browser.js";
import { Emitter } from "../emitter.js";
import type { JoinedRoom } from "../events.js";
import { RequestError } from "../request-error.js";
import { Choice, type SubscriptionRule } from "./choice.js";
import { Elements } from "./elements.js";
import { Layers } from "./layers.js";
import type { MediaOptions } from "./media-options.js";
import { browserNetwork, type NetworkSource } from "./network.js";
import { Publisher } from "./publisher.js";
import { RoomDevice } from "./room-device.js";
import { Subscriber } from "./subscriber.js";
import { TransportSlot } from "./transport-slot.js";
import type { Direction, MediaEvents, Publication, PublishOptions, RemoteTrack, Source } from "./types.js";

export class LastseenMedia {
  readonly #client: LastseenClient;
  readonly #device: RoomDevice;
  readonly #events = new Emitter<MediaEvents>();
  readonly #elements: Elements;
  readonly #layers: Layers;
  readonly #slots: Record<Direction, TransportSlot>;
  readonly #publisher: Publisher;
  readonly #subscriber: Subscriber;
  readonly #choice: Choice;
  readonly #network: NetworkSource;
  readonly #removeListeners: (() => void)[];
  #stopNetwork: (() => void) | undefined;

  constructor(client: LastseenClient, options: MediaOptions & Required<Pick<MediaOptions, "createDevice">>) {
    const timers = options.timers ?? browserEnvironment.timers;
    this.#client = client;
    this.#device = new RoomDevice(options.createDevice);
    this.#choice = new Choice(options.subscribe);
    this.#layers = new Layers(
      timers,
      (track) => this.#subscriber.consumerOf(track),
      ({ id: consumerId }, spatialLayer) => client.request("setPreferredLayers", { consumerId, spatialLayer }),
    );
    const nobody = { shown: () => {}, hidden: () => {} };
    this.#elements = new Elements(options.layers === "application" ? nobody : this.#layers);
    const device = () => this.#device.load();
    const failed = (doing: string, error: unknown) => this.#events.emit("error", { doing, error });
    const slot = (direction: Direction) =>
      new TransportSlot(direction, {
        client,
        timers,
        device,
        onState: (state) => {
          this.#events.emit("connection", { direction, state });
          // If media packets do not arrive, frames may not arrive either.
          if (state === "disconnected" || state === "failed") client.checkConnection();
        },
        onLost: (by) => {
          if (by === "client" && direction === "send") this.#publisher.transportGivenUp();
          this.#rebuild(direction);
        },
      });
    this.#slots = { send: slot("send"), recv: slot("recv") };
    this.#publisher = new Publisher({
      client,
      slot: this.#slots.send,
      timers,
      changed: () => this.#events.emit("publications", this.publications),
      ended: (track) => this.#elements.release(track),
      replaced: (track, next) => this.#elements.replace(track, next),
      failed,
    });
    this.#subscriber = new Subscriber({
      client,
      slot: this.#slots.recv,
      timers,
      device,
      wants: (candidate) => this.#choice.wants(candidate),
      added: (remote) => this.#events.emit("track_added", remote),
      removed: (remote) => {
        this.#elements.release(remote.track);
        this.#events.emit("track_removed", remote);
      },
      replaced: (track, next) => this.#elements.replace(track, next),
      failed,
    });
    this.#network = options.network ?? browserNetwork;
    this.#removeListeners = this.#listen();
    this.#watchNetwork(client.state !== "disconnected");
    if (client.room) this.#joined({ how: "joined", routerRtpCapabilities: client.routerRtpCapabilities });
  }

  /** The publications of this page. */
  get publications(): readonly Publication[] {
    return this.#publisher.publications;
  }

  /** The others' tracks that this page receives. */
  get tracks(): readonly RemoteTrack[] {
    return this.#subscriber.tracks;
  }

  /** Adds a listener for one event. @returns a function that removes it */
  on<K extends keyof MediaEvents>(event: K, listener: (payload: MediaEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  /**
   * Sends a track to the others as soon as the session is in a room, and again after every loss. Replaces the publication
   * of the same source.
   *
   * @throws RequestError the service's refusal; Error when the browser cannot send such a track
   */
  publish(track: MediaStreamTrack, options: PublishOptions): Promise<void> {
    return this.#publisher.publish(track, options);
  }

  /**
   * Goes on with another track of the same kind, for example from another device: the others keep the producer and its
   * state, and elements show the new track. Stops the track before it, unless it was published with `keepTrack`.
   *
   * @throws RequestError `not_found` when the source is not published, `bad_message` when the track does not fit; Error when
   *   the browser cannot send the track: then the track before it stays
   */
  replaceTrack(source: Source, track: MediaStreamTrack): Promise<void> {
    return this.#publisher.replaceTrack(source, track);
  }

  /** Stops sending, and stops the track unless it was published with `keepTrack`. */
  unpublish(source: Source): void {
    this.#publisher.unpublish(source);
  }

  /** Sends silence or black and tells the others. The device stays open. */
  mute(source: Source): Promise<void> {
    return this.#publisher.setMuted(source, true);
  }

  unmute(source: Source): Promise<void> {
    return this.#publisher.setMuted(source, false);
  }

  /** Receives one producer, even against the rule. */
  subscribe(producerId: string): Promise<void> {
    this.#choice.set(producerId, true);
    return this.#subscriber.converge();
  }

  /** Does not receive one producer, even against the rule. */
  unsubscribe(producerId: string): Promise<void> {
    this.#choice.set(producerId, false);
    return this.#subscriber.converge();
  }

  /** Sets the rule for all producers, and forgets the choices of single ones. */
  subscribeTo(rule: SubscriptionRule): Promise<void> {
    this.#choice.follow(rule);
    return this.#subscriber.converge();
  }

  /** Shows a track in a `video` or `audio` element. The element is emptied when the track is gone. */
  attach(element: HTMLMediaElement, track: MediaStreamTrack): void {
    this.#elements.attach(element, track);
  }

  detach(element: HTMLMediaElement): void {
    this.#elements.detach(element);
  }

  /** The peer connection's statistics in one direction; `undefined` while there is none. */
  async getStats(direction: Direction): Promise<RTCStatsReport | undefined> {
    return this.#slots[direction].current?.getStats();
  }

  /** Asks the service to send a simulcast producer in this quality. @throws RequestError `not_found` when not received */
  async setPreferredLayers(producerId: string, spatialLayer: number, temporalLayer?: number): Promise<void> {
    const consumer = this.#subscriber.consumer(producerId);
    if (!consumer) throw new RequestError("not_found", "This producer is not being received.", { retryable: false });
    const layers = { consumerId: consumer.id, spatialLayer };
    await this.#client.request(
      "setPreferredLayers",
      temporalLayer === undefined ? layers : { ...layers, temporalLayer },
    );
  }

  /**
   * Ends all media: stops local tracks, closes transports and empties elements, each step even if another fails.
   * Idempotent. Called by itself when the session leaves its room.
   */
  reset(): void {
    const steps = {
      "stop receiving": () => this.#subscriber.reset(),
      "close the receiving transport": () => this.#slots.recv.drop(),
      "stop sending": () => this.#publisher.reset(),
      "close the sending transport": () => this.#slots.send.drop(),
      "empty the elements": () => this.#elements.clear(),
      "forget the layers": () => this.#layers.reset(),
    };
    for (const [doing, step] of Object.entries(steps)) {
      try {
        step();
      } catch (error) {
        this.#events.emit("error", { doing, error });
      }
    }
    this.#choice.forget();
    this.#device.forget();
    this.#events.emit("reset", undefined);
  }

  /** {@link reset}, and stops listening to the client and the network. */
  close(): void {
    this.reset();
    this.#layers.close();
    for (const release of this.#removeListeners.splice(0)) release();
    this.#watchNetwork(false);
  }

  /** A client that has stopped leaves no listener behind in the page. */
  #watchNetwork(isRunning: boolean): void {
    if (isRunning) this.#stopNetwork ??= this.#network.listen(() => this.#revive(true));
    else {
      this.#stopNetwork?.();
      this.#stopNetwork = undefined;
    }
  }

  #listen(): (() => void)[] {
    const client = this.#client;
    return [
      client.willPublish(() => this.#publisher.upcoming),
      client.on("joined", (joined) => this.#joined(joined)),
      client.on("left", () => this.reset()),
      client.on("state", ({ state, reason }) => {
        this.#watchNetwork(state !== "disconnected");
        if (reason === "page_cached") this.#pageCached();
      }),
      client.on("roster", () => void this.#subscriber.converge()),
      client.on("media_reset", () => {
        this.#slots.send.lost();
        this.#slots.recv.lost();
        // Passes that wait to try again need not wait any more.
        this.#renew();
      }),
      client.on("transport_closed", ({ transportId }) => {
        for (const slot of Object.values(this.#slots)) if (slot.current?.id === transportId) slot.lost();
      }),
      client.on("consumer_closed", ({ consumerId }) => this.#subscriber.consumerClosed(consumerId)),
    ];
  }

  #joined({ how, routerRtpCapabilities }: Pick<JoinedRoom, "how" | "routerRtpCapabilities">): void {
    this.#device.capabilities = routerRtpCapabilities;
    if (how === "resumed") this.#revive(false);
    else {
      this.#dropBoth();
      this.#device.forget();
    }
    this.#renew();
  }

  /** Browsers cache no page with an open peer connection, and the service does not keep the transports of such a page. */
  #pageCached(): void {
    // A page that is back at once may find its producers at the service: it closes them then.
    this.#publisher.transportGivenUp();
    this.#dropBoth();
  }

  /** What is published and received stays wanted, and is made again by {@link #renew}. */
  #dropBoth(): void {
    this.#drop("send");
    this.#drop("recv");
  }

  #renew(): void {
    void this.#publisher.renew();
    void this.#subscriber.renew();
  }

  #revive(networkChanged: boolean): void {
    for (const slot of Object.values(this.#slots)) void slot.revive(networkChanged);
  }

  #rebuild(direction: Direction): void {
    this.#drop(direction);
    this.#events.emit("rebuilt", { direction });
    void (direction === "send" ? this.#publisher : this.#subscriber).renew();
  }

  #drop(direction: Direction): void {
    this.#slots[direction].drop();
    (direction === "send" ? this.#publisher : this.#subscriber).transportGone();
  }
}
