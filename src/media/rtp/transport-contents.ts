import type { Consumer } from "mediasoup/types";
import { LastseenError } from "@lastseen/protocol";
import { notFound } from "../media-errors.js";
import type { MediaLogger } from "../media-options.js";
import type { SessionTransport } from "./session-transport.js";

/** What producers and consumers have in common. */
interface Content {
  readonly id: string;
  readonly closed: boolean;
  readonly observer: { once(event: "close", listener: () => void): unknown };
  on(event: "listenererror", listener: (event: string, error: Error) => void): unknown;
  pause(): Promise<void>;
  resume(): Promise<void>;
  close(): void;
}

interface Entry<T> {
  readonly object: T;
  readonly transport: SessionTransport;
}

/**
 * The producers, or the consumers, of one session. An entry is removed when mediasoup reports that the object has closed,
 * for any reason.
 */
export class TransportContents<T extends Content> {
  readonly #kind: "producer" | "consumer";
  readonly #limit: number;
  readonly #logger: MediaLogger;
  readonly #entries = new Map<string, Entry<T>>();
  /** How many are being created now; they count for the limit. */
  #creating = 0;

  constructor(kind: "producer" | "consumer", limit: number, logger: MediaLogger) {
    this.#kind = kind;
    this.#limit = limit;
    this.#logger = logger;
  }

  get size(): number {
    return this.#entries.size;
  }

  get ids(): string[] {
    return [...this.#entries.keys()];
  }

  get objects(): T[] {
    return Array.from(this.#entries.values(), ({ object }) => object);
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  get(id: string): T {
    return this.#entry(id).object;
  }

  idsIn(transport: SessionTransport): string[] {
    return [...this.#entries].flatMap(([id, entry]) => (entry.transport === transport ? [id] : []));
  }

  /** The transports with at least one object for which `fits` returns true. */
  transportsWith(fits: (object: T) => boolean): SessionTransport[] {
    const entries = [...this.#entries.values()].filter(({ object }) => fits(object));
    return [...new Set(entries.map(({ transport }) => transport))];
  }

  /** The first object in the transport for which `fits` returns true. */
  findIn(transport: SessionTransport, fits: (object: T) => boolean): T | undefined {
    for (const entry of this.#entries.values())
      if (entry.transport === transport && fits(entry.object)) return entry.object;
    return undefined;
  }

  /**
   * @throws LastseenError `forbidden` at the limit, `bad_message` when the worker refuses the parameters, `not_found`
   *   when the transport has closed meanwhile, `media_unavailable`
   */
  async create(transport: SessionTransport, request: () => Promise<T>): Promise<T> {
    if (this.#entries.size + this.#creating >= this.#limit) {
      throw new LastseenError("forbidden", `This session has as many ${this.#kind}s as it may have.`);
    }
    this.#creating += 1;
    try {
      const { worker } = transport.place;
      const what = `the creation of a ${this.#kind}`;
      const object = await worker.call(what, "bad_message", request, (late) => late.close());
      if (transport.closed || object.closed) {
        // mediasoup may have added it to the records of a transport that is gone; this removes it.
        object.close();
        throw notFound("transport");
      }
      this.#keep(object, transport);
      return object;
    } finally {
      this.#creating -= 1;
    }
  }

  /** Removes all entries: when a worker dies, its objects may not report that they closed. */
  clear(): void {
    this.#entries.clear();
  }

  async setPaused(id: string, paused: boolean): Promise<void> {
    const { object, transport } = this.#entry(id);
    await transport.place.worker.call("a pause or resume", "media_unavailable", () =>
      paused ? object.pause() : object.resume(),
    );
  }

  async setPreferredLayers(
    this: TransportContents<Consumer>,
    id: string,
    layers: Parameters<Consumer["setPreferredLayers"]>[0],
  ): Promise<void> {
    const { object, transport } = this.#entry(id);
    await transport.place.worker.call("a choice of layers", "bad_message", () => object.setPreferredLayers(layers));
  }

  #keep(object: T, transport: SessionTransport): void {
    const { id } = object;
    this.#entries.set(id, { object, transport });
    object.observer.once("close", () => this.#entries.delete(id));
    object.on("listenererror", (event, error) =>
      this.#logger.error({ err: error, event, id }, `a listener of a ${this.#kind} failed`),
    );
  }

  #entry(id: string): Entry<T> {
    const entry = this.#entries.get(id);
    if (!entry) throw notFound(this.#kind);
    return entry;
  }
}
