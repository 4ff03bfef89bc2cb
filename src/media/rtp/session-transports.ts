import type { WebRtcTransport } from "mediasoup/types";
import type { Clock } from "../../kernel/clock.js";
import { LastseenError } from "@lastseen/protocol";
import type { MediaEvidence, MediaLeftovers } from "../../ports/media-plane.js";
import { ConnectivityEvidence, type ConnectivityCause } from "../connectivity.js";
import { mediaUnavailable, notFound } from "../media-errors.js";
import type { MediaAppData, MediaLogger, MediaTimeLimits, SessionMediaLimits } from "../media-options.js";
import type { ClosedMedia } from "../workers/closed-media.js";
import { limited } from "../workers/limited.js";
import type { MediaVerifier } from "../workers/media-verifier.js";
import { ReplacedTransports } from "./replaced-transports.js";
import type { RoomRouter, RouterPlace } from "./room-router.js";
import { SessionTransport, type UselessReason } from "./session-transport.js";

/**
 * After how many seconds without consent ICE is lost; mediasoup allows no less. Browsers ask for consent every 5 s, so one
 * lost answer does no harm. RFC 7675 would wait for 30 s.
 */
const ICE_CONSENT_TIMEOUT = 10;

/** What all pages of a session have left to be verified; it outlives each of them. */
export interface Unverified {
  readonly closed: ClosedMedia;
  /** Requests for a transport that the worker has not answered yet, including those over their time limit. */
  readonly underWay: Set<Promise<unknown>>;
}

interface TransportsOptions {
  clock: Clock;
  logger: MediaLogger;
  timeLimits: MediaTimeLimits;
  sessionLimits: SessionMediaLimits;
  verifier: MediaVerifier;
  room: RoomRouter;
  appData: MediaAppData;
  unverified: Unverified;
  onEvidence: (state: MediaEvidence, by: ConnectivityCause) => void;
  /** The listener has to close the transport and to report what was in it. */
  onUseless: (transport: SessionTransport, reason: UselessReason) => void;
  contentsOf: (transport: SessionTransport) => { producers: string[]; consumers: string[] };
}

/** The transports of one page: creates, limits and closes them, and reports what their states say about the client. */
export class SessionTransports {
  readonly #options: TransportsOptions;
  readonly #transports = new Map<string, SessionTransport>();
  readonly #unverified: Unverified;
  readonly #replaced: ReplacedTransports<SessionTransport>;
  readonly #evidence: ConnectivityEvidence;
  #creating = 0;
  /** Grows when all transports are closed; a transport that was requested in an earlier era is closed on arrival. */
  #era = 0;

  constructor(options: TransportsOptions) {
    this.#options = options;
    this.#unverified = options.unverified;
    const { clock, timeLimits, onUseless } = options;
    this.#evidence = new ConnectivityEvidence(
      () => [...this.#transports.values()].some(({ up }) => up),
      options.onEvidence,
    );
    this.#replaced = new ReplacedTransports({
      clock,
      // As long as a transport may take to connect.
      afterMs: timeLimits.connectMs,
      onReplaced: (transport) => onUseless(transport, "replaced"),
    });
  }

  get size(): number {
    return this.#transports.size;
  }

  get ids(): string[] {
    return [...this.#transports.keys()];
  }

  /** What ICE and DTLS say now. */
  get evidence(): ConnectivityEvidence["current"] {
    return this.#evidence.current;
  }

  get(id: string): SessionTransport {
    const transport = this.#transports.get(id);
    if (!transport) throw notFound("transport");
    return transport;
  }

  /** The latest, because a client makes a new transport when it cannot use the old one any more. */
  latestForReceiving(): SessionTransport | undefined {
    return [...this.#transports.values()].findLast(({ direction }) => direction === "recv");
  }

  async create(direction: "send" | "recv"): Promise<SessionTransport> {
    this.#admit();
    const era = this.#era;
    this.#creating += 1;
    try {
      const place = await this.#options.room.open();
      if (era !== this.#era) throw mediaUnavailable();
      return await this.#createAt(place, direction, era);
    } finally {
      this.#creating -= 1;
    }
  }

  async #createAt(place: RouterPlace, direction: "send" | "recv", era: number): Promise<SessionTransport> {
    const { room } = this.#options;
    try {
      const transport = await place.worker.call(
        "the creation of a transport",
        "worker_full",
        () => this.#request(direction, place, era),
        (late) => {
          if (late) this.close(late);
        },
      );
      if (!transport) throw mediaUnavailable();
      return transport;
    } catch (error) {
      if (place.worker.full) room.moveFrom(place);
      throw error;
    }
  }

  /** Closes a transport and what is in it. */
  close(transport: SessionTransport): void {
    this.#unverified.closed.add(transport.place, transport.id, this.#options.contentsOf(transport));
    try {
      transport.close();
    } catch (error) {
      // Only when the pipe to the worker is broken; then the pool replaces the worker.
      this.#options.logger.error({ err: error, transportId: transport.id }, "a transport could not be closed");
      this.#transports.delete(transport.id);
    }
  }

  /** Transports that were requested and are not here yet are closed on arrival. */
  createNoMore(): void {
    this.#era += 1;
  }

  closeAll(): void {
    this.#era += 1;
    for (const transport of this.#transports.values()) this.close(transport);
    this.#evidence.reset();
  }

  workerLost(): void {
    this.#era += 1;
    this.#transports.clear();
    this.#replaced.review([]);
    this.#evidence.reset();
  }

  async verifyClosed(): Promise<MediaLeftovers> {
    const { clock, timeLimits, verifier } = this.#options;
    try {
      // A transport that is still being created closes when it arrives, and can be verified only then.
      const answered = Promise.allSettled(this.#unverified.underWay);
      await limited(clock, timeLimits.callMs, "the end of a creation", answered);
    } catch (error) {
      throw mediaUnavailable(error);
    }
    return this.#unverified.closed.verify(verifier);
  }

  /** Resolves to undefined, and closes the new transport, when all transports were closed in the meantime. */
  #request(direction: "send" | "recv", place: RouterPlace, era: number): Promise<SessionTransport | undefined> {
    const { router, worker } = place;
    const request = router.createWebRtcTransport({
      webRtcServer: worker.webRtcServer,
      enableUdp: true,
      enableTcp: true,
      preferUdp: true,
      iceConsentTimeout: ICE_CONSENT_TIMEOUT,
      appData: this.#options.appData,
    });
    // In one step, so that the transport has an owner at every moment.
    const arrival = request.then((transport) => {
      if (era === this.#era && !transport.closed) return this.#keep(direction, place, transport);
      this.#unverified.closed.add(place, transport.id, { producers: [], consumers: [] });
      transport.close();
      return undefined;
    });
    const end = arrival.then(
      () => {},
      () => {},
    );
    this.#unverified.underWay.add(end);
    void end.then(() => this.#unverified.underWay.delete(end));
    return arrival;
  }

  /** @throws LastseenError `forbidden` at the limit, unless there is a transport that the client cannot use any more */
  #admit(): void {
    const { sessionLimits, onUseless } = this.#options;
    if (this.#transports.size + this.#creating < sessionLimits.transports) return;
    const transports = [...this.#transports.values()];
    // A page cannot say that it has closed a transport: the worker only sees that the client is lost. And when the answer
    // to `createTransport` is lost, the client never asks to connect that transport.
    const isOutdated = ({ direction }: SessionTransport, index: number): boolean =>
      transports.some((other, at) => at > index && other.direction === direction);
    const useless =
      transports.find(({ lost }) => lost) ??
      transports.find((transport, index) => !transport.connectRequested && isOutdated(transport, index));
    if (!useless) throw new LastseenError("forbidden", "This session has as many transports as it may have.");
    onUseless(useless, "replaced");
  }

  #keep(direction: "send" | "recv", place: RouterPlace, transport: WebRtcTransport): SessionTransport {
    const { clock, logger, timeLimits, onUseless } = this.#options;
    const kept = new SessionTransport({
      direction,
      place,
      transport,
      clock,
      connectMs: timeLimits.connectMs,
      listener: {
        onChange: (_transport, by) => {
          this.#evidence.changed(by);
          this.#replaced.review(this.#transports.values());
        },
        onUseless,
        onClosed: ({ id }) => this.#forget(id),
      },
    });
    this.#transports.set(kept.id, kept);
    transport.on("listenererror", (event, error) =>
      logger.error({ err: error, event, transportId: kept.id }, "a listener of a transport failed"),
    );
    return kept;
  }

  #forget(id: string): void {
    this.#transports.delete(id);
    this.#replaced.review(this.#transports.values());
    this.#evidence.transportClosed();
  }
}
