/**
 * Receives the others' tracks: compares the producers in the roster with the consumers that exist. When a participant sends a
 * source again, because the session has moved to another tab, the new track takes the place of the old one as soon as it
 * brings something.
 */
import type { Consumer, Device, Transport } from "mediasoup-client/types";
import type { ReplyData } from "@lastseen/protocol";
import type { LastseenClient } from "../client.js";
import type { Timers } from "../environment.js";
import { RequestError, wasDisconnected } from "../request-error.js";
import { Converge, type PassResult } from "./converge.js";
import { untilFlowing } from "./flow.js";
import { rtpParametersOf } from "./parameters.js";
import { type TransportSlot, whileOpen } from "./transport-slot.js";
import type { Candidate, RemoteTrack } from "./types.js";

interface Subscription {
  readonly consumer: Consumer;
  readonly remote: RemoteTrack;
  /** Whether the service has confirmed that it sends. */
  isSending: boolean;
  /** Whether the application knows the track. */
  isShown: boolean;
}

export class Subscriber {
  readonly #client: LastseenClient;
  readonly #slot: TransportSlot;
  readonly #device: () => Promise<Device>;
  readonly #wants: (candidate: Candidate) => boolean;
  readonly #added: (remote: RemoteTrack) => void;
  readonly #removed: (remote: RemoteTrack) => void;
  readonly #replaced: (track: MediaStreamTrack, next: MediaStreamTrack) => void;
  readonly #timers: Timers;
  readonly #failed: (doing: string, error: unknown) => void;
  readonly #converge: Converge;
  readonly #subscriptions = new Map<string, Subscription>();
  /** Producers that the service refused; the client asks again when they leave and come back, or after {@link renew}. */
  readonly #refused = new Set<string>();
  /** Producers whose place another producer has taken, and that one, by id. */
  readonly #outdated = new Map<string, string>();

  constructor(parts: {
    client: LastseenClient;
    slot: TransportSlot;
    timers: Timers;
    device: () => Promise<Device>;
    wants: (candidate: Candidate) => boolean;
    added: (remote: RemoteTrack) => void;
    removed: (remote: RemoteTrack) => void;
    /** The other track is shown in the place of the one; `added` and `removed` follow. */
    replaced: (track: MediaStreamTrack, next: MediaStreamTrack) => void;
    failed: (doing: string, error: unknown) => void;
  }) {
    this.#client = parts.client;
    this.#slot = parts.slot;
    this.#device = parts.device;
    this.#wants = parts.wants;
    this.#added = parts.added;
    this.#removed = parts.removed;
    this.#replaced = parts.replaced;
    this.#timers = parts.timers;
    this.#failed = parts.failed;
    this.#converge = new Converge(parts.timers, () => this.#pass());
  }

  get tracks(): RemoteTrack[] {
    return [...this.#subscriptions.values()].flatMap(({ remote, isShown }) => (isShown ? [remote] : []));
  }

  consumer(producerId: string): Consumer | undefined {
    return this.#subscriptions.get(producerId)?.consumer;
  }

  /** The consumer that brings the track. */
  consumerOf(track: MediaStreamTrack): Consumer | undefined {
    return [...this.#subscriptions.values()].find(({ remote }) => remote.track === track)?.consumer;
  }

  converge(): Promise<void> {
    return this.#converge.request();
  }

  /** Tries everything that is missing again: after a join, a resume or the loss of a transport. */
  renew(): Promise<void> {
    this.#refused.clear();
    return this.#converge.afresh();
  }

  /** The service closed one of its consumers. */
  consumerClosed(consumerId: string): void {
    for (const [producerId, { consumer }] of this.#subscriptions) {
      if (consumer.id === consumerId) this.#drop(producerId);
    }
  }

  /** The consumers are gone with their transport. */
  transportGone(): void {
    for (const producerId of this.#subscriptions.keys()) this.#drop(producerId);
  }

  reset(): void {
    this.#converge.cancel();
    this.transportGone();
    this.#refused.clear();
    this.#outdated.clear();
  }

  async #pass(): Promise<PassResult> {
    const offered = this.#offered();
    const wanted = [...offered.values()].filter(this.#wants);
    const ids = new Set(wanted.map(({ producer }) => producer.id));
    for (const [producerId, { consumer }] of this.#subscriptions) {
      if (ids.has(producerId)) continue;
      this.#drop(producerId);
      // When a producer is gone, the service itself closes its consumers.
      if (offered.has(producerId)) this.#closeOnService(consumer.id);
    }
    for (const producerId of this.#refused) if (!offered.has(producerId)) this.#refused.delete(producerId);
    for (const [producerId, by] of this.#outdated) if (!offered.has(by)) this.#outdated.delete(producerId);
    if (this.#client.state !== "connected") return "done";
    const asked = wanted.filter(
      ({ producer: { id } }) =>
        !this.#refused.has(id) && !this.#outdated.has(id) && !this.#subscriptions.get(id)?.isSending,
    );
    const results = await Promise.all(asked.map((candidate) => this.#subscribe(candidate)));
    return results.includes("again") ? "again" : "done";
  }

  /** All producers of the others, by id. */
  #offered(): Map<string, Candidate> {
    const offered = new Map<string, Candidate>();
    const own = this.#client.session?.sessionId;
    for (const participant of this.#client.room?.participants ?? []) {
      if (participant.sessionId === own) continue;
      for (const producer of participant.producers) offered.set(producer.id, { producer, participant });
    }
    return offered;
  }

  async #subscribe(candidate: Candidate): Promise<PassResult> {
    const producerId = candidate.producer.id;
    const { generation } = this.#slot;
    try {
      const subscription = this.#subscriptions.get(producerId) ?? (await this.#consume(candidate));
      if (!subscription) return "done";
      await this.#resume(subscription);
      // Not awaited: the others need not wait for it.
      if (!subscription.isShown) void this.#showWhenFlowing(subscription);
      return "done";
    } catch (error) {
      // A new transport or a new connection leads to the next pass.
      if (generation !== this.#slot.generation || wasDisconnected(error)) return "done";
      const { code, retryable } = error instanceof RequestError ? error : { code: undefined, retryable: false };
      if (code === "not_found" || code === "not_joined") return "done";
      this.#failed(`subscribe to ${producerId}`, error);
      if (retryable) return "again";
      this.#refused.add(producerId);
      return "done";
    }
  }

  /** Resolves to undefined when the producer is not wanted any more. */
  async #consume({ producer, participant }: Candidate): Promise<Subscription | undefined> {
    const { recvRtpCapabilities } = await this.#device();
    const transport = await this.#slot.open();
    const reply = await this.#client.request("consume", {
      producerId: producer.id,
      rtpCapabilities: recvRtpCapabilities,
    });
    if (transport.closed) return undefined;
    const consumer = await this.#receive(transport, participant.sessionId, reply);
    if (consumer.closed) return undefined;
    const offer = this.#offered().get(producer.id);
    if (!offer || !this.#wants(offer)) {
      consumer.close();
      if (offer) this.#closeOnService(consumer.id);
      return undefined;
    }
    const { sessionId, userId } = participant;
    const { kind, track } = consumer;
    const remote = { producerId: producer.id, sessionId, userId, kind, source: producer.source, track };
    const subscription = { consumer, remote, isSending: false, isShown: false };
    this.#subscriptions.set(producer.id, subscription);
    // Firefox and Safari mute a track when its packets stop. If the sender has not paused it, other messages may stop too.
    track.addEventListener("mute", () => {
      if (this.#offered().get(producer.id)?.producer.paused === false) this.#client.checkConnection();
    });
    // What is muted brings nothing.
    if (offer.producer.paused || !this.#placeOf(subscription)) this.#show(subscription);
    return subscription;
  }

  async #showWhenFlowing(subscription: Subscription): Promise<void> {
    await untilFlowing(subscription.consumer, this.#timers);
    this.#show(subscription);
  }

  /** Tells the application of the track, in the place of the one that it replaces. */
  #show(subscription: Subscription): void {
    const { remote } = subscription;
    if (subscription.isShown || this.#subscriptions.get(remote.producerId) !== subscription) return;
    const before = this.#placeOf(subscription);
    subscription.isShown = true;
    if (before) {
      this.#subscriptions.delete(before.remote.producerId);
      this.#outdated.set(before.remote.producerId, remote.producerId);
      this.#replaced(before.remote.track, remote.track);
    }
    this.#added(remote);
    if (!before) return;
    this.#end(before);
    this.#closeOnService(before.consumer.id);
  }

  /** The subscription that is shown for the same source of the same participant. */
  #placeOf({ remote }: Subscription): Subscription | undefined {
    return [...this.#subscriptions.values()].find((other) => other.isShown && isSameSource(other.remote, remote));
  }

  async #receive(transport: Transport, streamId: string, reply: ReplyData<"consume">): Promise<Consumer> {
    const { consumerId: id, producerId, kind } = reply;
    try {
      // One stream per participant keeps picture and sound in sync.
      const options = { id, producerId, kind, rtpParameters: rtpParametersOf(reply), streamId };
      return await whileOpen(transport, transport.consume(options));
    } catch (error) {
      if (!transport.closed) this.#closeOnService(id);
      throw error;
    }
  }

  async #resume(subscription: Subscription): Promise<void> {
    await this.#client.request("resumeConsumer", { consumerId: subscription.consumer.id });
    subscription.isSending = true;
  }

  #closeOnService(consumerId: string): void {
    this.#client.request("closeConsumer", { consumerId }).catch(() => {});
  }

  #drop(producerId: string): void {
    const subscription = this.#subscriptions.get(producerId);
    if (!subscription) return;
    // The one that waits to take its place need not wait any more.
    const next = [...this.#subscriptions.values()].find(
      (other) => !other.isShown && other !== subscription && isSameSource(other.remote, subscription.remote),
    );
    if (subscription.isShown && next) {
      this.#show(next);
      return;
    }
    this.#subscriptions.delete(producerId);
    this.#end(subscription);
  }

  #end({ consumer, remote, isShown }: Subscription): void {
    try {
      consumer.close();
    } catch (error) {
      this.#failed(`stop ${remote.producerId}`, error);
    }
    if (isShown) this.#removed(remote);
  }
}

/** A producer without a source is one of its own. */
function isSameSource(a: RemoteTrack, b: RemoteTrack): boolean {
  return (
    a.producerId !== b.producerId &&
    a.source !== undefined &&
    a.source === b.source &&
    a.kind === b.kind &&
    a.sessionId === b.sessionId
  );
}
