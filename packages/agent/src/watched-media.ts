import { observer } from "mediasoup";
import type { Observer, Worker } from "mediasoup/types";
import { isWellFormed, LIMITS } from "@lastseen/protocol";
import { AGENT_LIMITS, type AgentStatus, type SessionReport } from "@lastseen/protocol/agent";
import type { Clock } from "../../../src/kernel/clock.js";
import { ExternalTransports } from "../../../src/media/external/external-transports.js";
import { ExternalWatch, type SeenTransport } from "../../../src/media/external/external-watch.js";
import { OtherCopies } from "../../../src/media/external/other-copies.js";
import { MEDIA_TIME_LIMITS } from "../../../src/media/media-options.js";
import { SilenceWatch } from "../../../src/media/silence.js";
import { MediaVerifier } from "../../../src/media/workers/media-verifier.js";
import type { MediaCheck } from "../../../src/ports/media-plane.js";
import type { AgentLogger } from "./options.js";

/** How many ended sessions are remembered, because the application may still be making a transport for them. */
const REMEMBERED = 4_096;
const NO_WORKER =
  "no mediasoup worker was seen yet: call watchMediasoup before you start workers, or name them in the option workers";

interface Watched {
  readonly transports: ExternalTransports;
  /** A service has said that it has this session. */
  isKnown: boolean;
  isSilent: boolean;
  /** Set while the service wants to know whether the media is silent. */
  stopLooking: (() => void) | undefined;
}

/** The media in this process that names sessions, by session; the same watch as in the service itself. */
export class WatchedMedia {
  readonly #clock: Clock;
  readonly #logger: AgentLogger;
  readonly #onChanged: (sessionId: string) => void;
  readonly #verifier: MediaVerifier;
  readonly #silence: SilenceWatch;
  readonly #watch: ExternalWatch;
  readonly #others: OtherCopies;
  readonly #sessions = new Map<string, Watched>();
  readonly #ended = new Set<string>();
  #isLimitLogged = false;
  /** Transports of sessions beyond the limit. */
  readonly #unreported = new Set<SeenTransport>();

  constructor(options: {
    clock: Clock;
    logger: AgentLogger;
    /** The `observer` of the application's mediasoup. */
    source: Observer;
    /** What {@link report} says of this session has changed. */
    onChanged: (sessionId: string) => void;
  }) {
    const { clock, logger, source } = options;
    this.#clock = clock;
    this.#logger = logger;
    this.#onChanged = options.onChanged;
    this.#verifier = new MediaVerifier(clock, MEDIA_TIME_LIMITS);
    this.#silence = new SilenceWatch(clock, ({ sessionId, isSilent }) => {
      const watched = this.#sessions.get(sessionId);
      if (watched) watched.isSilent = isSilent;
      this.#onChanged(sessionId);
    });
    this.#watch = new ExternalWatch({
      source,
      clock: this.#clock,
      callMs: MEDIA_TIME_LIMITS.callMs,
      onTransport: (seen) => this.#opened(seen),
      onChanged: (seen) => this.#changed(seen),
      onDeath: (worker) => logger.warn({ pid: worker.pid }, "a mediasoup worker has died"),
    });
    this.#others = new OtherCopies({
      watched: source,
      own: observer,
      clock,
      onFound: (path) => logger.warn({ path }, "there is another copy of mediasoup, which the agent does not watch"),
      onTransport: () => {},
    });
  }

  /**
   * Starts to watch workers that were started before.
   *
   * @throws Error when one of them has routers already
   */
  async follow(workers: Iterable<Worker>): Promise<void> {
    for (const worker of workers) {
      const unseen = await this.#watch.follow(worker);
      if (unseen > 0) {
        throw new Error(
          `The worker ${worker.pid} has ${unseen} router(s) that were made before watchMediasoup was called.`,
        );
      }
    }
  }

  sessionIds(): string[] {
    return [...this.#sessions.keys()];
  }

  /** What this process has of a session now. */
  report(sessionId: string): SessionReport {
    const watched = this.#sessions.get(sessionId);
    if (!watched) {
      const none = { transportIds: [], transports: 0, producers: 0, consumers: 0 };
      return { sessionId, ...none, connectivity: "none", isSilent: false, wasKnown: false };
    }
    const { transports, isKnown: wasKnown, isSilent } = watched;
    const { state: connectivity, lostBy } = transports.connectivity;
    return {
      sessionId,
      transportIds: transports.ids.slice(0, AGENT_LIMITS.transports),
      ...transports.counts(),
      connectivity,
      ...(lostBy === undefined ? {} : { lostBy }),
      isSilent,
      wasKnown,
    };
  }

  /** The service has this report. When nothing is left of the session, it need not be remembered. */
  reported(sessionId: string): void {
    this.#forgetEmpty(sessionId);
  }

  get status(): AgentStatus {
    const {
      workers,
      router: routers,
      transport: transports,
      producer: producers,
      consumer: consumers,
    } = this.#watch.counts();
    const unowned = [...this.#watch.all()].filter(({ transport }) => sessionOf(transport.appData) === undefined).length;
    const unseenWhy = this.#whyUnseen();
    const counts = { workers, routers, transports, producers, consumers, unowned, unreported: this.#unreported.size };
    return unseenWhy === undefined ? counts : { ...counts, unseenWhy };
  }

  /** The service has this session. @param isWatched whether to look for silence */
  known(sessionId: string, isWatched: boolean): void {
    const watched = this.#sessions.get(sessionId);
    if (!watched) return;
    watched.isKnown = true;
    if (isWatched === (watched.stopLooking !== undefined)) return;
    watched.stopLooking?.();
    watched.stopLooking = isWatched ? this.#silence.follow(watched.transports) : undefined;
    watched.isSilent = false;
  }

  /**
   * Closes media of a session and asks the workers whether it is gone.
   *
   * @param transportIds left out: all, and those that are made later
   * @throws LastseenError `media_unavailable` when a worker does not answer in time
   */
  async closeSession(sessionId: string, transportIds: readonly string[] | undefined): Promise<MediaCheck> {
    if (transportIds === undefined) this.#remember(sessionId);
    const watched = this.#sessions.get(sessionId);
    if (!watched) return { transports: [], producers: [], consumers: [] };
    const { transports } = watched;
    if (transportIds === undefined) transports.closeAll();
    else transports.closeOnly(transportIds);
    this.#onChanged(sessionId);
    const left = await transports.verifyClosed();
    // The worker often confirms after the report has gone out, and no other report would follow.
    this.#forgetEmpty(sessionId);
    return left;
  }

  lookForSilence(afterMs: number): void {
    this.#others.look();
    this.#silence.look(afterMs);
  }

  /** Stops watching. The application's objects live on. */
  close(): void {
    this.#watch.close();
    this.#others.close();
  }

  #opened(seen: SeenTransport): void {
    const sessionId = sessionOf(seen.transport.appData);
    if (sessionId === undefined) return;
    const transports = this.#transportsOf(sessionId);
    if (!transports) {
      this.#unreported.add(seen);
      return;
    }
    transports.add(seen);
    this.#onChanged(sessionId);
    if (this.#ended.has(sessionId)) this.#closeLate(sessionId, transports);
  }

  #changed(seen: SeenTransport): void {
    this.#unreported.delete(seen);
    if (seen.owner !== undefined) this.#onChanged(seen.owner);
  }

  /** @returns undefined when there are too many sessions */
  #transportsOf(sessionId: string): ExternalTransports | undefined {
    const before = this.#sessions.get(sessionId);
    if (before) return before.transports;
    if (this.#sessions.size >= AGENT_LIMITS.sessions) {
      const most = AGENT_LIMITS.sessions;
      if (!this.#isLimitLogged)
        this.#logger.error({ most }, "too many sessions: the media of further ones is not reported");
      this.#isLimitLogged = true;
      return undefined;
    }
    const transports = new ExternalTransports({
      sessionId,
      verifier: this.#verifier,
      logger: this.#logger,
      onEvidence: () => this.#onChanged(sessionId),
    });
    this.#sessions.set(sessionId, { transports, isKnown: false, isSilent: false, stopLooking: undefined });
    return transports;
  }

  #closeLate(sessionId: string, transports: ExternalTransports): void {
    transports.closeAll();
    this.#logger.info({ sessionId }, "closed a transport that was made after its session had ended");
    transports.verifyClosed().then(
      (left) => {
        if (left.transports.length > 0) this.#logger.error({ sessionId, left }, "the worker still holds the transport");
        this.#forgetEmpty(sessionId);
      },
      (error: unknown) => {
        const message = "the worker could not be asked whether it still holds the transport";
        this.#logger.error({ sessionId, err: error }, message);
      },
    );
  }

  #forgetEmpty(sessionId: string): void {
    const watched = this.#sessions.get(sessionId);
    if (!watched || watched.transports.ids.length > 0 || watched.transports.isUnverified) return;
    watched.stopLooking?.();
    this.#sessions.delete(sessionId);
  }

  #whyUnseen(): string | undefined {
    if (!this.#watch.sawWorker) return NO_WORKER;
    if (this.#others.found.length === 0) return undefined;
    return `there is another copy of mediasoup in ${this.#others.found.join(" and ")}, which the agent does not watch`;
  }

  #remember(sessionId: string): void {
    this.#ended.add(sessionId);
    for (const oldest of this.#ended) {
      if (this.#ended.size <= REMEMBERED) return;
      this.#ended.delete(oldest);
    }
  }
}

/** Applications may write anything there: what is no id of a session is none of ours. */
function sessionOf({ sessionId }: Record<string, unknown>): string | undefined {
  if (typeof sessionId !== "string" || sessionId === "" || sessionId.length > LIMITS.idLength) return undefined;
  return isWellFormed(sessionId) ? sessionId : undefined;
}
