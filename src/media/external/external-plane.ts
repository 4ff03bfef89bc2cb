/**
 * The media side of a service that runs inside another application. The application makes the media. When a session ends,
 * the service closes what the application has made for it and asks the workers whether it is gone.
 *
 *     mediasoup's observer -> MediaTree -> ExternalWatch -> ExternalPlane -> ExternalTransports (one per session)
 *     other copies of mediasoup -> OtherCopies ----------------^
 */
import { observer } from "mediasoup";
import type { Observer, Transport, Worker } from "mediasoup/types";
import type { Clock } from "../../kernel/clock.js";
import { Emitter } from "../../kernel/emitter.js";
import type {
  ApplicationMedia,
  ForeignMedia,
  MediaCheck,
  MediaEvents,
  MediaKind,
  MediaLeftovers,
  MediaOrphan,
  MediaSight,
  PassiveMediaPlane,
} from "../../ports/media-plane.js";
import { ExternalSessionMedia } from "./external-session-media.js";
import { ExternalTransports } from "./external-transports.js";
import { ExternalWatch, type SeenTransport } from "./external-watch.js";
import { MEND_COPIES, OtherCopies, type UnwatchedTransport } from "./other-copies.js";
import { MEDIA_TIME_LIMITS, type MediaLogger, type MediaTimeLimits } from "../media-options.js";
import { SilenceWatch } from "../silence.js";
import { MediaVerifier } from "../workers/media-verifier.js";

/** How many ended sessions are remembered, because the application may still be making a transport for them. */
const REMEMBERED = 4096;

const NO_WORKER =
  "Lastseen has seen no mediasoup worker in this process, so it can't tell whether media of ended sessions is left. " +
  "Register Lastseen before you start workers, or name them in the option `workers`.";

function countOf({ transports, producers, consumers }: MediaLeftovers): number {
  return transports.length + producers.length + consumers.length;
}

export class ExternalPlane implements PassiveMediaPlane, ApplicationMedia {
  readonly available = false;
  readonly enabled = false;
  readonly #logger: MediaLogger;
  readonly #events: Emitter<MediaEvents>;
  readonly #verifier: MediaVerifier;
  readonly #silence: SilenceWatch;
  readonly #watch: ExternalWatch;
  readonly #others: OtherCopies;
  /** Sessions that a transport of another copy of mediasoup has named. Nobody here can close that transport. */
  readonly #namedElsewhere = new Set<string>();
  /** The copies of which a transport that names a session was logged. */
  readonly #loggedCopies = new Set<string>();
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
    this.#others = new OtherCopies({
      watched: options.source ?? observer,
      own: observer,
      clock,
      onFound: (other) =>
        logger.warn(
          { watched: this.#others.watchedPath, other, mend: MEND_COPIES },
          "there is another copy of mediasoup",
        ),
      onTransport: (unwatched) => this.#onUnwatched(unwatched),
    });
    this.#others.look();
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
    this.#others.look();
    if (!this.#sessions.has(sessionId)) this.#sessions.set(sessionId, this.#transportsFor(sessionId));
  }

  /**
   * Closes the session's transports, and from now on each transport that the application makes for it later.
   *
   * @returns what the workers still hold
   */
  async endSession(sessionId: string): Promise<MediaCheck> {
    this.#remember(sessionId);
    const transports = this.#sessions.get(sessionId);
    if (!transports) return { transports: [], producers: [], consumers: [] };
    transports.closeAll();
    const left = await this.#verify(transports);
    if (left === "unseen" || countOf(left) === 0) this.#sessions.delete(sessionId);
    return left;
  }

  /** The media of the application ends with this process. */
  handOverSession(sessionId: string): Promise<MediaCheck> {
    return this.endSession(sessionId);
  }

  /** What the plane can tell of the application's media as a whole. */
  get sight(): MediaSight {
    const [other] = this.#others.found;
    if (other !== undefined && (this.#namedElsewhere.size > 0 || !this.#watch.sawWorker)) {
      return { state: "unseen", why: `${this.#others.sayThereIs(other)} ${MEND_COPIES}` };
    }
    if (this.#watch.sawWorker) return { state: "seen" };
    return { state: "unseen", why: NO_WORKER };
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
          "and is not in the option `workers`, or another copy of mediasoup made it than that of the option `observer`." +
          this.#others.found.map((other) => ` ${this.#others.sayThereIs(other)}`).join(""),
      );
    }
    if (this.#isOpen(sessionId)) this.#sessions.get(sessionId)?.add(seen);
    else this.#closeLate(sessionId, seen);
    return this.#isOpen(sessionId);
  }

  async join(_roomId: string, sessionId: string): Promise<ExternalSessionMedia> {
    this.openSession(sessionId);
    const transports = this.#sessions.get(sessionId) ?? this.#transportsFor(sessionId);
    return new ExternalSessionMedia(transports, this.#silence, () => this.#verify(transports));
  }

  lookForSilence(afterMs: number): void {
    this.#others.look();
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
    this.#others.close();
    this.#sessions.clear();
  }

  #onTransport(seen: SeenTransport): void {
    const { sessionId } = seen.transport.appData;
    if (typeof sessionId !== "string") return;
    if (this.#ended.has(sessionId)) this.#closeLate(sessionId, seen);
    else if (this.#sessions.has(sessionId)) this.#sessions.get(sessionId)?.add(seen);
    else this.#warnOfUnknownSession(seen, sessionId);
  }

  /** Asks the workers. Where this plane sees no worker, or not the right one, an empty answer proves nothing. */
  async #verify(transports: ExternalTransports): Promise<MediaCheck> {
    const left = await transports.verifyClosed();
    if (countOf(left) > 0) return left;
    if (this.#namedElsewhere.has(transports.sessionId)) return "unseen";
    return transports.hadSome || this.sight.state === "seen" ? left : "unseen";
  }

  #onUnwatched({ transport, path }: UnwatchedTransport): void {
    const { sessionId } = transport.appData;
    if (typeof sessionId !== "string" || !(this.#sessions.has(sessionId) || this.#ended.has(sessionId))) return;
    this.#namedElsewhere.add(sessionId);
    if (this.#loggedCopies.has(path)) return;
    this.#loggedCopies.add(path);
    this.#logger.error(
      { transportId: transport.id, sessionId, watched: this.#others.watchedPath, other: path, mend: MEND_COPIES },
      "another copy of mediasoup makes the media of a session, and Lastseen cannot close it",
    );
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
      this.#namedElsewhere.delete(oldest);
    }
  }
}
