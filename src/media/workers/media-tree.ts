import type { Consumer, Observer, Producer, Router, Transport, Worker } from "mediasoup/types";

/** A media object with the objects that contain it. */
export type MediaObject =
  | { kind: "router"; object: Router; worker: Worker }
  | { kind: "transport"; object: Transport; router: Router; worker: Worker }
  | { kind: "producer"; object: Producer; transport: Transport; worker: Worker }
  | { kind: "consumer"; object: Consumer; transport: Transport; worker: Worker };

export interface MediaTreeListener {
  onWorker(worker: Worker): void;
  /** Objects of this worker may have ended with it without an {@link onClosed}. */
  onWorkerClosed(worker: Worker): void;
  /** Called before the code that made the object gets it. */
  onOpened(opened: MediaObject): void;
  onClosed(closed: MediaObject): void;
}

/** The part of mediasoup's observers that reports the end of an object. */
interface ClosingObserver {
  once(event: "close", listener: () => void): unknown;
  off(event: "close", listener: () => void): unknown;
}

/**
 * Listens to everything that any code makes with one copy of mediasoup: workers, their routers, the transports of those
 * and what is in them. It sees the workers that start after it was made and those that it is told to follow. It never
 * hears of an object inside a parent that it has not seen.
 */
export class MediaTree {
  readonly #source: Observer;
  readonly #listener: MediaTreeListener;
  /** How to stop listening to each open object, by worker. */
  readonly #stops = new Map<Worker, Map<ClosingObserver, () => void>>();

  /** @param source the `observer` of the copy of mediasoup that makes the objects */
  constructor(source: Observer, listener: MediaTreeListener) {
    this.#source = source;
    this.#listener = listener;
    this.#source.on("newworker", this.#onWorker);
  }

  /** Starts to listen to a worker that was there before. Idempotent. */
  follow(worker: Worker): void {
    this.#onWorker(worker);
  }

  /** Stops listening. All objects live on. */
  close(): void {
    this.#source.off("newworker", this.#onWorker);
    for (const stops of this.#stops.values()) for (const stop of stops.values()) stop();
    this.#stops.clear();
  }

  readonly #onWorker = (worker: Worker): void => {
    if (this.#stops.has(worker) || worker.closed) return;
    this.#stops.set(worker, new Map());
    this.#listener.onWorker(worker);
    const { observer } = worker;
    const onRouter = (router: Router): void => this.#onRouter(router, worker);
    observer.on("newrouter", onRouter);
    this.#untilClosed(
      worker,
      observer,
      () => observer.off("newrouter", onRouter),
      () => {
        this.#stops.delete(worker);
        this.#listener.onWorkerClosed(worker);
      },
    );
  };

  #onRouter(router: Router, worker: Worker): void {
    const { observer } = router;
    const onTransport = (transport: Transport): void => this.#onTransport(transport, router, worker);
    observer.on("newtransport", onTransport);
    this.#opened({ kind: "router", object: router, worker }, () => observer.off("newtransport", onTransport));
  }

  #onTransport(transport: Transport, router: Router, worker: Worker): void {
    const { observer } = transport;
    const onProducer = (object: Producer): void => this.#opened({ kind: "producer", object, transport, worker });
    const onConsumer = (object: Consumer): void => this.#opened({ kind: "consumer", object, transport, worker });
    observer.on("newproducer", onProducer);
    observer.on("newconsumer", onConsumer);
    this.#opened({ kind: "transport", object: transport, router, worker }, () => {
      observer.off("newproducer", onProducer);
      observer.off("newconsumer", onConsumer);
    });
  }

  #opened(opened: MediaObject, stopInside: () => unknown = () => {}): void {
    this.#untilClosed(opened.worker, opened.object.observer, stopInside, () => this.#listener.onClosed(opened));
    this.#listener.onOpened(opened);
  }

  /** @param stopInside removes the listeners for what opens inside the object */
  #untilClosed(worker: Worker, observer: ClosingObserver, stopInside: () => unknown, onClose: () => void): void {
    const stops = this.#stops.get(worker);
    const closed = (): void => {
      stops?.delete(observer);
      onClose();
    };
    observer.once("close", closed);
    stops?.set(observer, () => {
      stopInside();
      observer.off("close", closed);
    });
  }
}
