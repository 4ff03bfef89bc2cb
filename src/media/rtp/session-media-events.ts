import type { Producer } from "mediasoup/types";
import type { Emitter } from "../../kernel/emitter.js";
import type { ProducerView } from "@lastseen/protocol";
import type { MediaEvents, MediaEvidence } from "../../ports/media-plane.js";
import type { ConnectivityCause } from "../connectivity.js";

/** Tells what happens to the media of one session: who it is about stands in every event. */
export class SessionMediaEvents {
  readonly #events: Emitter<MediaEvents>;
  readonly #who: { readonly roomId: string; readonly sessionId: string };

  constructor(events: Emitter<MediaEvents>, who: { roomId: string; sessionId: string }) {
    this.#events = events;
    this.#who = who;
  }

  /** Tells of the producer, and from now on of its pauses. */
  opened(producer: Producer): void {
    const changed = (paused: boolean): void =>
      this.#events.emit("producer_changed", { ...this.#who, producerId: producer.id, paused });
    producer.observer.on("pause", () => changed(true));
    producer.observer.on("resume", () => changed(false));
    this.#events.emit("producer_opened", { ...this.#who, producer: viewOf(producer) });
  }

  producersClosed(producerIds: readonly string[]): void {
    for (const producerId of producerIds) this.#events.emit("producer_closed", { ...this.#who, producerId });
  }

  consumersClosed(consumerIds: readonly string[], reason: MediaEvents["consumer_closed"]["reason"]): void {
    const { sessionId } = this.#who;
    for (const consumerId of consumerIds) this.#events.emit("consumer_closed", { sessionId, consumerId, reason });
  }

  transportClosed(transportId: string, reason: MediaEvents["transport_closed"]["reason"]): void {
    const { sessionId } = this.#who;
    this.#events.emit("transport_closed", { sessionId, transportId, reason });
  }

  evidence(state: MediaEvidence, by: ConnectivityCause): void {
    const { sessionId } = this.#who;
    this.#events.emit("evidence", state === "lost" ? { sessionId, state, by } : { sessionId, state });
  }
}

/** A producer as the protocol shows it. */
export function viewOf({ id, kind, paused, appData: { source } }: Producer): ProducerView {
  return typeof source === "string" ? { id, kind, source, paused } : { id, kind, paused };
}
