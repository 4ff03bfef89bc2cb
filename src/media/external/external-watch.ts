import type { Consumer, Observer, Producer, Router, Transport, Worker } from "mediasoup/types";
import type { Clock } from "../../kernel/clock.js";
import type { MediaKind } from "../../ports/media-plane.js";
import { ExternalWorker } from "./external-worker.js";
import type { AskablePlace } from "../workers/media-verifier.js";

/** A transport that mediasoup has announced, where it is, and what is in it. */
export interface SeenTransport {
  readonly transport: Transport;
  readonly place: AskablePlace;
  readonly producers: Set<string>;
  readonly consumers: Set<string>;
  /** The session that it closes with; undefined: somebody else's business. */
  owner: string | undefined;
}

/** The part of mediasoup's observers that tells of an object's end. */
interface Ending {
  once(event: "close", listener: () => void): unknown;
  off(event: "close", listener: () => void): unknown;
}

/**
 * Everything that somebody else makes with mediasoup, as mediasoup announces it: worker, router, transport and what is in
 * it. Sees the workers that are started after it was made, and those that it is told to follow; of an object whose
 * parent it does not know, it never hears.
 */
export class ExternalWatch {
  readonly #source: Observer;
  readonly #clock: Clock;
  readonly #callMs: number;
  readonly #onTransport: (seen: SeenTransport) => void;
  readonly #onDeath: (worker: Worker) => void;
  readonly #workers = new Map<Worker, ExternalWorker>();
  readonly #routers = new Set<string>();
  readonly #transports = new Map<string, SeenTransport>();
  /** How to stop listening to each living object. */
  readonly #deaf = new Map<Ending, () => void>();

  /**
   * @param options `source`: the `observer` of the very copy of mediasoup that makes the objects; `onTransport` is called
   *   before whoever made the transport gets it
   */
  constructor(options: {
    source: Observer;
    clock: Clock;
    callMs: number;
    onTransport: (seen: SeenTransport) => void;
    /** A worker has ended, and nobody had asked it to. */
    onDeath: (worker: Worker) => void;
  }) {
    this.#source = options.source;
    this.#clock = options.clock;
    this.#callMs = options.callMs;
    this.#onTransport = options.onTransport;
    this.#onDeath = options.onDeath;
    this.#source.on("newworker", this.#seeWorker);
  }

  /**
   * Begins to watch a worker that was there before. Idempotent.
   *
   * @returns how many routers it has that were made unseen
   */
  async follow(worker: Worker): Promise<number> {
    this.#seeWorker(worker);
    const { routerIds } = await worker.dump();
    return routerIds.filter((id) => !this.#routers.has(id)).length;
  }

  find(transportId: string): SeenTransport | undefined {
    return this.#transports.get(transportId);
  }

  all(): IterableIterator<SeenTransport> {
    return this.#transports.values();
  }

  counts(): { workers: number } & Record<MediaKind, number> {
    const seen = [...this.#transports.values()];
    return {
      workers: this.#workers.size,
      router: this.#routers.size,
      transport: seen.length,
      producer: seen.reduce((sum, { producers }) => sum + producers.size, 0),
      consumer: seen.reduce((sum, { consumers }) => sum + consumers.size, 0),
    };
  }

  /** Stops listening; what it has seen lives on. */
  close(): void {
    this.#source.off("newworker", this.#seeWorker);
    for (const stop of this.#deaf.values()) stop();
    this.#deaf.clear();
  }

  readonly #seeWorker = (worker: Worker): void => {
    if (this.#workers.has(worker) || worker.closed) return;
    const asked = new ExternalWorker({ worker, clock: this.#clock, callMs: this.#callMs });
    this.#workers.set(worker, asked);
    const onRouter = (router: Router): void => this.#seeRouter(router, asked);
    worker.observer.on("newrouter", onRouter);
    const stop = (): unknown => worker.observer.off("newrouter", onRouter);
    this.#untilClosed(worker.observer, stop, () => {
      this.#workers.delete(worker);
      if (worker.died) this.#onDeath(worker);
    });
  };

  #seeRouter(router: Router, worker: ExternalWorker): void {
    this.#routers.add(router.id);
    const place: AskablePlace = { router, worker };
    const onTransport = (transport: Transport): void => this.#seeTransport(transport, place);
    router.observer.on("newtransport", onTransport);
    const stop = (): unknown => router.observer.off("newtransport", onTransport);
    this.#untilClosed(router.observer, stop, () => this.#routers.delete(router.id));
  }

  #seeTransport(transport: Transport, place: AskablePlace): void {
    const seen: SeenTransport = { transport, place, producers: new Set(), consumers: new Set(), owner: undefined };
    this.#transports.set(transport.id, seen);
    const onProducer = ({ id, observer }: Producer): void => {
      seen.producers.add(id);
      observer.once("close", () => seen.producers.delete(id));
    };
    const onConsumer = ({ id, observer }: Consumer): void => {
      seen.consumers.add(id);
      observer.once("close", () => seen.consumers.delete(id));
    };
    transport.observer.on("newproducer", onProducer);
    transport.observer.on("newconsumer", onConsumer);
    const stop = (): void => {
      transport.observer.off("newproducer", onProducer);
      transport.observer.off("newconsumer", onConsumer);
    };
    this.#untilClosed(transport.observer, stop, () => this.#transports.delete(transport.id));
    this.#onTransport(seen);
  }

  /** @param stop takes the listeners away that are not for the end */
  #untilClosed(observed: Ending, stop: () => unknown, onClose: () => void): void {
    const closed = (): void => {
      this.#deaf.delete(observed);
      onClose();
    };
    observed.once("close", closed);
    this.#deaf.set(observed, () => {
      stop();
      observed.off("close", closed);
    });
  }
}
