/** The others' tracks: who is in the roster with what, against what is received. */
import type { Consumer, Device, Transport } from "mediasoup-client/types";
import type { ReplyData } from "@lastseen/protocol";
import type { LastseenClient } from "../client.js";
import type { Timers } from "../environment.js";
import { RequestError, withoutLine } from "../request-error.js";
import { Converge, type PassResult } from "./converge.js";
import { rtpParametersOf } from "./parameters.js";
import { type TransportSlot, whileOpen } from "./transport-slot.js";
import type { Candidate, RemoteTrack } from "./types.js";

interface Subscription {
  readonly consumer: Consumer;
  readonly remote: RemoteTrack;
  /** Whether the service was asked to begin sending, and has said yes. */
  flows: boolean;
}

export class Subscriber {
  readonly #client: LastseenClient;
  readonly #slot: TransportSlot;
  readonly #device: () => Promise<Device>;
  readonly #wants: (candidate: Candidate) => boolean;
  readonly #added: (remote: RemoteTrack) => void;
  readonly #removed: (remote: RemoteTrack) => void;
  readonly #failed: (doing: string, error: unknown) => void;
  readonly #converge: Converge;
  readonly #subscriptions = new Map<string, Subscription>();
  /** Producers that the service refused to give; asked for again when they have gone and come back, or all is renewed. */
  readonly #refused = new Set<string>();

  constructor(parts: {
    client: LastseenClient;
    slot: TransportSlot;
    timers: Timers;
    device: () => Promise<Device>;
    wants: (candidate: Candidate) => boolean;
    added: (remote: RemoteTrack) => void;
    removed: (remote: RemoteTrack) => void;
    failed: (doing: string, error: unknown) => void;
  }) {
    this.#client = parts.client;
    this.#slot = parts.slot;
    this.#device = parts.device;
    this.#wants = parts.wants;
    this.#added = parts.added;
    this.#removed = parts.removed;
    this.#failed = parts.failed;
    this.#converge = new Converge(parts.timers, () => this.#pass());
  }

  get tracks(): RemoteTrack[] {
    return [...this.#subscriptions.values()].map(({ remote }) => remote);
  }

  consumer(producerId: string): Consumer | undefined {
    return this.#subscriptions.get(producerId)?.consumer;
  }

  converge(): Promise<void> {
    return this.#converge.request();
  }

  /** Makes what is missing, whatever failed before: after joining, resuming, or the loss of the transport. */
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

  /** The consumers went with their transport. */
  transportGone(): void {
    for (const producerId of this.#subscriptions.keys()) this.#drop(producerId);
  }

  reset(): void {
    this.#converge.cancel();
    this.transportGone();
    this.#refused.clear();
  }

  async #pass(): Promise<PassResult> {
    const offered = this.#offered();
    const wanted = [...offered.values()].filter(this.#wants);
    const ids = new Set(wanted.map(({ producer }) => producer.id));
    for (const [producerId, { consumer }] of this.#subscriptions) {
      if (ids.has(producerId)) continue;
      this.#drop(producerId);
      // The service closes the consumers of a producer that is gone by itself.
      if (offered.has(producerId)) this.#closeThere(consumer.id);
    }
    for (const producerId of this.#refused) if (!offered.has(producerId)) this.#refused.delete(producerId);
    if (this.#client.state !== "connected") return "done";
    const asked = wanted.filter(
      ({ producer: { id } }) => !this.#refused.has(id) && !this.#subscriptions.get(id)?.flows,
    );
    const results = await Promise.all(asked.map((candidate) => this.#subscribe(candidate)));
    return results.includes("again") ? "again" : "done";
  }

  /** Everything that the others send, by producer id. */
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
      if (subscription) await this.#resume(subscription);
      return "done";
    } catch (error) {
      // A transport that is made anew, or a line that comes back, brings the next pass by itself.
      if (generation !== this.#slot.generation || withoutLine(error)) return "done";
      const { code, retryable } = error instanceof RequestError ? error : { code: undefined, retryable: false };
      if (code === "not_found" || code === "not_joined") return "done";
      this.#failed(`subscribe to ${producerId}`, error);
      if (retryable) return "again";
      this.#refused.add(producerId);
      return "done";
    }
  }

  /** Yields nothing when it is not wanted any more. */
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
      if (offer) this.#closeThere(consumer.id);
      return undefined;
    }
    const { sessionId, userId } = participant;
    const { kind, track } = consumer;
    const remote = { producerId: producer.id, sessionId, userId, kind, source: producer.source, track };
    const subscription = { consumer, remote, flows: false };
    this.#subscriptions.set(producer.id, subscription);
    this.#added(remote);
    return subscription;
  }

  async #receive(transport: Transport, streamId: string, reply: ReplyData<"consume">): Promise<Consumer> {
    const { consumerId: id, producerId, kind } = reply;
    try {
      // One stream per person keeps picture and sound in step.
      const options = { id, producerId, kind, rtpParameters: rtpParametersOf(reply), streamId };
      return await whileOpen(transport, transport.consume(options));
    } catch (error) {
      if (!transport.closed) this.#closeThere(id);
      throw error;
    }
  }

  async #resume(subscription: Subscription): Promise<void> {
    await this.#client.request("resumeConsumer", { consumerId: subscription.consumer.id });
    subscription.flows = true;
  }

  #closeThere(consumerId: string): void {
    this.#client.request("closeConsumer", { consumerId }).catch(() => {});
  }

  #drop(producerId: string): void {
    const subscription = this.#subscriptions.get(producerId);
    if (!subscription) return;
    this.#subscriptions.delete(producerId);
    try {
      subscription.consumer.close();
    } catch (error) {
      this.#failed(`stop ${producerId}`, error);
    }
    this.#removed(subscription.remote);
  }
}
