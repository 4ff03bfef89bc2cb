import type { Observer, Producer, Transport, Worker } from "mediasoup/types";
import type { Clock } from "../../kernel/clock.js";
import type { MediaKind } from "../../ports/media-plane.js";
import type { AskablePlace } from "../workers/media-verifier.js";
import { MediaTree, type MediaObject } from "../workers/media-tree.js";
import { ExternalWorker } from "./external-worker.js";

/** A transport that mediasoup has announced, where it is, and what is in it. */
export interface SeenTransport {
  readonly transport: Transport;
  readonly place: AskablePlace;
  /** By their ids. */
  readonly producers: Map<string, Producer>;
  readonly consumers: Set<string>;
  /** Id of the session that the transport closes with; undefined when the service leaves it alone. */
  owner: string | undefined;
}

/** Keeps a record of the workers, routers and transports that the application makes. */
export class ExternalWatch {
  readonly #tree: MediaTree;
  readonly #onTransport: (seen: SeenTransport) => void;
  readonly #onChanged: (seen: SeenTransport) => void;
  readonly #workers = new Map<Worker, ExternalWorker>();
  readonly #routers = new Map<string, AskablePlace>();
  readonly #transports = new Map<string, SeenTransport>();
  #sawWorker = false;

  constructor(options: {
    /** The `observer` of the copy of mediasoup that the application uses. */
    source: Observer;
    clock: Clock;
    /** How long one request to a worker may take, milliseconds. */
    callMs: number;
    /** Called before the code that made the transport gets it. */
    onTransport: (seen: SeenTransport) => void;
    /** Called when a transport has closed, and when something in it was made or has closed. */
    onChanged?: (seen: SeenTransport) => void;
    /** A worker process has ended without an order to do so. */
    onDeath: (worker: Worker) => void;
  }) {
    const { clock, callMs } = options;
    this.#onTransport = options.onTransport;
    this.#onChanged = options.onChanged ?? (() => {});
    this.#tree = new MediaTree(options.source, {
      onWorker: (worker) => {
        this.#sawWorker = true;
        this.#workers.set(worker, new ExternalWorker({ worker, clock, callMs }));
      },
      onWorkerClosed: (worker) => {
        this.#workers.delete(worker);
        if (worker.died) options.onDeath(worker);
      },
      onOpened: (opened) => this.#add(opened),
      onClosed: (closed) => this.#remove(closed),
    });
  }

  /** Whether there ever was a worker. */
  get sawWorker(): boolean {
    return this.#sawWorker;
  }

  /**
   * Starts to watch a worker that was there before. Idempotent.
   *
   * @returns how many routers of this worker the watch has not seen
   */
  async follow(worker: Worker): Promise<number> {
    this.#tree.follow(worker);
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

  /** Stops listening. The application's objects live on. */
  close(): void {
    this.#tree.close();
  }

  #add(opened: MediaObject): void {
    switch (opened.kind) {
      case "router": {
        const worker = this.#workers.get(opened.worker);
        if (worker) this.#routers.set(opened.object.id, { router: opened.object, worker });
        return;
      }
      case "transport": {
        const { object: transport, router } = opened;
        const place = this.#routers.get(router.id);
        if (!place) return;
        const seen = {
          transport,
          place,
          producers: new Map<string, Producer>(),
          consumers: new Set<string>(),
          owner: undefined,
        };
        this.#transports.set(transport.id, seen);
        return this.#onTransport(seen);
      }
      default: {
        const seen = this.#transports.get(opened.transport.id);
        if (!seen) return;
        if (opened.kind === "producer") seen.producers.set(opened.object.id, opened.object);
        else seen.consumers.add(opened.object.id);
        this.#onChanged(seen);
      }
    }
  }

  #remove(closed: MediaObject): void {
    if (closed.kind === "router") {
      this.#routers.delete(closed.object.id);
      return;
    }
    const transport = closed.kind === "transport" ? closed.object : closed.transport;
    const seen = this.#transports.get(transport.id);
    if (closed.kind === "transport") this.#transports.delete(transport.id);
    else (closed.kind === "producer" ? seen?.producers : seen?.consumers)?.delete(closed.object.id);
    if (seen) this.#onChanged(seen);
  }
}
