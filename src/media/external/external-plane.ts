/**
 * The media side of a service inside somebody else's application: it makes no media, but closes what the application has
 * made for a session, when that session ends, and asks the workers whether it is gone.
 *
 *     mediasoup's observer -> ExternalWatch -> ExternalPlane -> ExternalTransports (one per session)
 */
import { observer } from "mediasoup";
import type { Observer, Transport, Worker } from "mediasoup/types";
import type { Clock } from "../../kernel/clock.js";
import { Emitter } from "../../kernel/emitter.js";
import type {
  ForeignMedia,
  MediaEvents,
  MediaKind,
  MediaLeftovers,
  MediaOrphan,
  MediaPlane,
  SessionMedia,
} from "../../ports/media-plane.js";
import { ExternalTransports } from "./external-transports.js";
import { ExternalWatch, type SeenTransport } from "./external-watch.js";
import { MEDIA_TIME_LIMITS, type MediaLogger, type MediaTimeLimits } from "../media-options.js";
import { MediaVerifier } from "../workers/media-verifier.js";
import { NoSessionMedia } from "../no-media.js";

/** Sessions that are remembered after their end, for what was still being made for them. */
const REMEMBERED = 4096;

export class ExternalPlane implements MediaPlane {
  readonly available = false;
  readonly enabled = false;
  readonly #logger: MediaLogger;
  readonly #events: Emitter<MediaEvents>;
  readonly #verifier: MediaVerifier;
  readonly #watch: ExternalWatch;
  readonly #sessions = new Map<string, ExternalTransports>();
  readonly #ended = new Set<string>();
  #strangersTold = false;

  constructor(options: {
    clock: Clock;
    logger: MediaLogger;
    /** Of the application's own copy of mediasoup, if it has one. */
    source?: Observer | undefined;
    timeLimits?: Pick<MediaTimeLimits, "callMs" | "verifyWindowMs">;
  }) {
    const { clock, logger, timeLimits = MEDIA_TIME_LIMITS } = options;
    this.#logger = logger;
    this.#events = new Emitter((error, event) =>
      logger.error({ err: error, event }, "a media event's listener failed"),
    );
    this.#verifier = new MediaVerifier(clock, timeLimits);
    this.#watch = new ExternalWatch({
      source: options.source ?? observer,
      clock,
      callMs: timeLimits.callMs,
      onTransport: (seen) => this.#seen(seen),
      onDeath: () => this.#events.emit("worker_died", { workerIndex: -1, rooms: 0 }),
    });
  }

  /**
   * Begins to watch workers that the application has started before this was made.
   *
   * @throws Error when one of them has routers already: what is made in these would never be seen
   */
  async follow(workers: Iterable<Worker>): Promise<void> {
    for (const worker of workers) {
      const unseen = await this.#watch.follow(worker);
      if (unseen === 0) continue;
      throw new Error(
        `The mediasoup worker ${worker.pid} has ${unseen} router(s) that were made before Lastseen was registered, ` +
          "so that nothing in them can be seen: register Lastseen before routers are made.",
      );
    }
  }

  on<K extends keyof MediaEvents>(event: K, listener: (event: MediaEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  /** From here on, transports that name this session are closed with it. */
  openSession(sessionId: string): void {
    if (!this.#sessions.has(sessionId)) this.#sessions.set(sessionId, this.#transportsFor(sessionId));
  }

  /** Closes what the session has; what is made for it later is closed at once. Yields what the workers still hold. */
  async endSession(sessionId: string): Promise<MediaLeftovers> {
    this.#remember(sessionId);
    const transports = this.#sessions.get(sessionId);
    if (!transports) return { transports: [], producers: [], consumers: [] };
    transports.closeAll();
    const left = await transports.verifyClosed();
    if (left.transports.length + left.producers.length + left.consumers.length === 0) this.#sessions.delete(sessionId);
    return left;
  }

  /**
   * The transport closes with the session, whatever its `appData` says.
   *
   * @returns `false` when there is no such session (any more); the transport is closed then
   * @throws Error when the transport was never announced, so that it could not be verified
   */
  own(sessionId: string, transport: Transport): boolean {
    const seen = this.#watch.find(transport.id);
    if (!seen && transport.closed) return this.#sessions.has(sessionId);
    if (!seen) {
      throw new Error(
        `Lastseen was not told of the transport ${transport.id}: its worker was started before Lastseen was registered ` +
          "and is not among the option `workers`, or it is of another copy of mediasoup than the option `observer`.",
      );
    }
    if (this.#isOpen(sessionId)) this.#sessions.get(sessionId)?.take(seen);
    else this.#closeLate(sessionId, seen);
    return this.#isOpen(sessionId);
  }

  async join(_roomId: string, sessionId: string): Promise<SessionMedia> {
    this.openSession(sessionId);
    return new ExternalSessionMedia(this.#sessions.get(sessionId) ?? this.#transportsFor(sessionId));
  }

  counts(): { workers: number } & Record<MediaKind, number> {
    return this.#watch.counts();
  }

  findOrphans(isLive: (sessionId: string) => boolean): readonly MediaOrphan[] {
    return [...this.#watch.all()].flatMap(({ transport: { id }, owner }) =>
      owner === undefined || isLive(owner) ? [] : [{ kind: "transport" as const, id, sessionId: owner }],
    );
  }

  closeOrphan({ id, sessionId }: MediaOrphan): boolean {
    const seen = this.#watch.find(id);
    if (seen?.owner !== sessionId) return false;
    seen.transport.close();
    return true;
  }

  /** What the application's workers hold is known from their own events: nothing can be in the books alone. */
  async findLost(): Promise<readonly string[]> {
    return [];
  }

  /** Objects in transports that are no session's. */
  unowned(): ForeignMedia {
    const foreign = [...this.#watch.all()].filter(({ owner }) => owner === undefined);
    return {
      transport: foreign.length,
      producer: foreign.reduce((sum, { producers }) => sum + producers.size, 0),
      consumer: foreign.reduce((sum, { consumers }) => sum + consumers.size, 0),
    };
  }

  /** Stops watching. The application's workers, routers and foreign transports go on. */
  async close(): Promise<void> {
    this.#watch.close();
    this.#sessions.clear();
  }

  #seen(seen: SeenTransport): void {
    const { sessionId } = seen.transport.appData;
    if (typeof sessionId !== "string") return;
    if (this.#ended.has(sessionId)) this.#closeLate(sessionId, seen);
    else if (this.#sessions.has(sessionId)) this.#sessions.get(sessionId)?.take(seen);
    else this.#tellOfStranger(seen, sessionId);
  }

  /** Some applications have sessions of their own and write their ids there: that is no reason to close anything. */
  #tellOfStranger({ transport }: SeenTransport, sessionId: string): void {
    if (this.#strangersTold) return;
    this.#strangersTold = true;
    this.#logger.warn(
      { transportId: transport.id, sessionId },
      "a transport names a session that is not known here, and is left alone like all of its kind",
    );
  }

  #closeLate(sessionId: string, seen: SeenTransport): void {
    const transports = this.#transportsFor(sessionId);
    transports.take(seen);
    transports.closeAll();
    const fields = { sessionId, transportId: seen.transport.id };
    this.#logger.info(fields, "a transport that came after its session's end was closed");
    transports.verifyClosed().then(
      (left) => {
        if (left.transports.length > 0) this.#logger.error({ ...fields, left }, "the worker still holds it");
      },
      (error: unknown) => this.#logger.error({ ...fields, err: error }, "the worker could not be asked for it"),
    );
  }

  #isOpen(sessionId: string): boolean {
    return this.#sessions.has(sessionId) && !this.#ended.has(sessionId);
  }

  #transportsFor(sessionId: string): ExternalTransports {
    return new ExternalTransports({
      sessionId,
      verifier: this.#verifier,
      logger: this.#logger,
      onEvidence: (state, by) =>
        this.#events.emit("evidence", state === "lost" ? { sessionId, state, by } : { sessionId, state }),
    });
  }

  #remember(sessionId: string): void {
    this.#ended.add(sessionId);
    for (const oldest of this.#ended) {
      if (this.#ended.size <= REMEMBERED) return;
      this.#ended.delete(oldest);
    }
  }
}

/** A session's stay in a room: requests for media are refused, and what the application made closes with the stay. */
class ExternalSessionMedia extends NoSessionMedia {
  readonly #transports: ExternalTransports;

  constructor(transports: ExternalTransports) {
    super();
    this.#transports = transports;
  }

  override counts(): { transports: number; producers: number; consumers: number } {
    return this.#transports.counts();
  }

  override reset(): void {
    if (!this.closed) this.#transports.closeAll();
  }

  override close(): void {
    if (this.closed) return;
    super.close();
    this.#transports.closeAll();
  }

  override verifyClosed(): Promise<MediaLeftovers> {
    return this.#transports.verifyClosed();
  }
}
