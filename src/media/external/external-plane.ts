/**
 * The media side of a service that runs inside another application. The application makes the media. When a session ends,
 * the service closes what the application has made for it and asks the workers whether it is gone.
 *
 *     mediasoup's observer -> MediaTree -> ExternalWatch -> ExternalPlane -> ExternalTransports (one per session)
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
  PassiveMediaPlane,
} from "../../ports/media-plane.js";
import { ExternalSessionMedia } from "./external-session-media.js";
import { ExternalTransports } from "./external-transports.js";
import { ExternalWatch, type SeenTransport } from "./external-watch.js";
import { MEDIA_TIME_LIMITS, type MediaLogger, type MediaTimeLimits } from "../media-options.js";
import { SilenceWatch } from "../silence.js";
import { MediaVerifier } from "../workers/media-verifier.js";

/** How many ended sessions are remembered, because the application may still be making a transport for them. */
const REMEMBERED = 4096;

export class ExternalPlane implements PassiveMediaPlane {
  readonly available = false;
  readonly enabled = false;
  readonly #logger: MediaLogger;
  readonly #events: Emitter<MediaEvents>;
  readonly #verifier: MediaVerifier;
  readonly #silence: SilenceWatch;
  readonly #watch: ExternalWatch;
  /** Sessions that are open, or whose media a worker still holds. */
  readonly #sessions = new Map<string, ExternalTransports>();
  readonly #ended = new Set<string>();
  #unknownSessionLogged = false;

  constructor(options: {
    clock: Clock;
    logger: MediaLogger;
    /** The `observer` of the application's copy of mediasoup, if it is not the copy that the service loads. */
    source?: Observer | undefined;
    timeLimits?: Pick<MediaTimeLimits, "callMs" | "verifyWindowMs">;
  }) {
    const { clock, logger, timeLimits = MEDIA_TIME_LIMITS } = options;
    this.#logger = logger;
    this.#events = new Emitter((error, event) =>
      logger.error({ err: error, event }, "a media event's listener failed"),
    );
    this.#verifier = new MediaVerifier(clock, timeLimits);
    this.#silence = new SilenceWatch(clock, (event) => this.#events.emit("silence", event));
    this.#watch = new ExternalWatch({
      source: options.source ?? observer,
      clock,
      callMs: timeLimits.callMs,
      onTransport: (seen) => this.#onTransport(seen),
      onDeath: () => this.#events.emit("worker_died", { workerIndex: null, rooms: null }),
    });
  }

  /**
   * Starts to watch workers that the application started before the service was registered.
   *
   * @throws Error when one of them has routers already, because mediasoup would announce nothing that is made in those
   */
  async follow(workers: Iterable<Worker>): Promise<void> {
    for (const worker of workers) {
      const unseen = await this.#watch.follow(worker);
      if (unseen === 0) continue;
      throw new Error(
        `The mediasoup worker ${worker.pid} has ${unseen} router(s) that were made before Lastseen was registered, ` +
          "and Lastseen cannot see anything in them: register Lastseen before you make routers.",
      );
    }
  }

  on<K extends keyof MediaEvents>(event: K, listener: (event: MediaEvents[K]) => void): () => void {
    return this.#events.on(event, listener);
  }

  /** From now on, transports that name this session close with it. */
  openSession(sessionId: string): void {
    if (!this.#sessions.has(sessionId)) this.#sessions.set(sessionId, this.#transportsFor(sessionId));
  }

  /**
   * Closes the session's transports, and from now on each transport that the application makes for it later.
   *
   * @returns what the workers still hold
   */
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
   * Makes the transport close with the session, no matter what its `appData` says.
   *
   * @returns `false` when there is no such session, or it has ended; then the transport is closed
   * @throws Error when mediasoup never announced the transport, because its end could not be verified then
   */
  own(sessionId: string, transport: Transport): boolean {
    const seen = this.#watch.find(transport.id);
    if (!seen && transport.closed) return this.#sessions.has(sessionId);
    if (!seen) {
      throw new Error(
        `Lastseen has not seen the transport ${transport.id}: either its worker started before Lastseen was registered ` +
          "and is not in the option `workers`, or another copy of mediasoup made it than that of the option `observer`.",
      );
    }
    if (this.#isOpen(sessionId)) this.#sessions.get(sessionId)?.add(seen);
    else this.#closeLate(sessionId, seen);
    return this.#isOpen(sessionId);
  }

  async join(_roomId: string, sessionId: string): Promise<ExternalSessionMedia> {
    this.openSession(sessionId);
    return new ExternalSessionMedia(this.#sessions.get(sessionId) ?? this.#transportsFor(sessionId), this.#silence);
  }

  lookForSilence(afterMs: number): void {
    this.#silence.look(afterMs);
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

  /** Transports that belong to no session, and what is in them. */
  unowned(): ForeignMedia {
    const foreign = [...this.#watch.all()].filter(({ owner }) => owner === undefined);
    return {
      transport: foreign.length,
      producer: foreign.reduce((sum, { producers }) => sum + producers.size, 0),
      consumer: foreign.reduce((sum, { consumers }) => sum + consumers.size, 0),
    };
  }

  /** Stops watching. The application's objects live on. */
  async close(): Promise<void> {
    this.#watch.close();
    this.#sessions.clear();
  }

  #onTransport(seen: SeenTransport): void {
    const { sessionId } = seen.transport.appData;
    if (typeof sessionId !== "string") return;
    if (this.#ended.has(sessionId)) this.#closeLate(sessionId, seen);
    else if (this.#sessions.has(sessionId)) this.#sessions.get(sessionId)?.add(seen);
    else this.#warnOfUnknownSession(seen, sessionId);
  }

  /** Some applications write ids of sessions of their own into `appData`; that is no reason to close anything. */
  #warnOfUnknownSession({ transport }: SeenTransport, sessionId: string): void {
    if (this.#unknownSessionLogged) return;
    this.#unknownSessionLogged = true;
    this.#logger.warn(
      { transportId: transport.id, sessionId },
      "a transport names a session that the service does not know; the service leaves all such transports alone",
    );
  }

  #closeLate(sessionId: string, seen: SeenTransport): void {
    const transports = this.#transportsFor(sessionId);
    transports.add(seen);
    transports.closeAll();
    const fields = { sessionId, transportId: seen.transport.id };
    this.#logger.info(fields, "closed a transport that was made after its session had ended");
    transports.verifyClosed().then(
      (left) => {
        if (left.transports.length > 0) this.#logger.error({ ...fields, left }, "the worker still holds the transport");
      },
      (error: unknown) =>
        this.#logger.error(
          { ...fields, err: error },
          "the worker could not be asked whether it still holds the transport",
        ),
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
