import type { WebRtcTransport } from "mediasoup/types";
import type { Clock } from "../../kernel/clock.js";
import { LastseenError } from "@lastseen/protocol";
import type { MediaEvidence, MediaLeftovers } from "../../ports/media-plane.js";
import { limited } from "../workers/limited.js";
import { mediaUnavailable, notFound } from "../media-errors.js";
import type { MediaAppData, MediaLogger, MediaTimeLimits, SessionMediaLimits } from "../media-options.js";
import type { MediaVerifier } from "../workers/media-verifier.js";
import type { RoomRouter, RouterPlace } from "./room-router.js";
import { SessionTransport, type UselessReason } from "./session-transport.js";
import { Superseded } from "./superseded.js";
import { TransportLedger } from "./transport-ledger.js";

/**
 * Mediasoup's shortest. Browsers ask for consent every 5 s, so that the loss of one answer is survived. Seconds.
 * RFC 7675 would wait for 30.
 */
const ICE_CONSENT_TIMEOUT = 10;

interface TransportsOptions {
  clock: Clock;
  logger: MediaLogger;
  timeLimits: MediaTimeLimits;
  sessionLimits: SessionMediaLimits;
  verifier: MediaVerifier;
  room: RoomRouter;
  appData: MediaAppData;
  /** `by`: which of the two told of a loss. */
  onEvidence: (state: MediaEvidence, by: "ice" | "dtls") => void;
  /** The transport is to be closed with everything in it, and that told. */
  onUseless: (transport: SessionTransport, reason: UselessReason) => void;
  contentsOf: (transport: SessionTransport) => { producers: string[]; consumers: string[] };
}

/** The transports of one session: their making and closing, and what all of them together tell about its peer. */
export class SessionTransports {
  readonly #options: TransportsOptions;
  readonly #transports = new Map<string, SessionTransport>();
  readonly #ledger = new TransportLedger();
  readonly #superseded: Superseded<SessionTransport>;
  /** Requests for a transport that a worker has not answered yet; they may outlive their time limit. */
  readonly #underWay = new Set<Promise<unknown>>();
  #creating = 0;
  /** Grows whenever everything is closed; what was begun before then is not wanted any more. */
  #era = 0;
  /** `none` until one was up, and again when this side has closed what was. */
  #evidence: MediaEvidence | "none" = "none";

  constructor(options: TransportsOptions) {
    this.#options = options;
    const { clock, timeLimits, onUseless } = options;
    this.#superseded = new Superseded({
      clock,
      // As long as a transport may take to connect at all.
      afterMs: timeLimits.connectMs,
      found: (transport) => onUseless(transport, "replaced"),
    });
  }

  get size(): number {
    return this.#transports.size;
  }

  get ids(): string[] {
    return [...this.#transports.keys()];
  }

  get(id: string): SessionTransport {
    const transport = this.#transports.get(id);
    if (!transport) throw notFound("transport");
    return transport;
  }

  /** Clients make a new one when the old one is of no use to them any more. */
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

  /** Closes one; what was in it closes with it. */
  close(transport: SessionTransport): void {
    this.#ledger.add(transport.place, transport.id, this.#options.contentsOf(transport));
    try {
      transport.close();
    } catch (error) {
      // Only when the pipe to the worker is broken, and then the worker is about to be replaced.
      this.#options.logger.error({ err: error, transportId: transport.id }, "a transport could not be closed");
      this.#transports.delete(transport.id);
    }
  }

  closeAll(): void {
    this.#era += 1;
    for (const transport of this.#transports.values()) this.close(transport);
    this.#evidence = "none";
  }

  workerLost(): void {
    this.#era += 1;
    this.#transports.clear();
    this.#superseded.review([]);
    this.#evidence = "none";
  }

  async verifyClosed(): Promise<MediaLeftovers> {
    const { clock, timeLimits, verifier } = this.#options;
    try {
      // What is still being created is closed when it is there, and only then can its end be seen.
      const answered = Promise.allSettled(this.#underWay);
      await limited(clock, timeLimits.callMs, "the end of a creation", answered);
    } catch (error) {
      throw mediaUnavailable(error);
    }
    return this.#ledger.settle(verifier);
  }

  /** Yields nothing when everything was closed meanwhile; then the new transport is closed as well. */
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
    // In one step, so that there is no moment at which nobody would close it.
    const arrival = request.then((transport) => {
      if (era === this.#era && !transport.closed) return this.#keep(direction, place, transport);
      this.#ledger.add(place, transport.id, { producers: [], consumers: [] });
      transport.close();
      return undefined;
    });
    const end = arrival.then(
      () => {},
      () => {},
    );
    this.#underWay.add(end);
    void end.then(() => this.#underWay.delete(end));
    return arrival;
  }

  /** @throws LastseenError `forbidden` at the limit, unless one that is of no use to anybody can go instead */
  #admit(): void {
    const { sessionLimits, onUseless } = this.#options;
    if (this.#transports.size + this.#creating < sessionLimits.transports) return;
    const transports = [...this.#transports.values()];
    // Pages that close a transport have no way to say so: to the worker it looks like one whose peer is lost. And one of
    // which the client has never heard, since the answer was lost, is never told to connect.
    const isOutdated = ({ direction }: SessionTransport, index: number): boolean =>
      transports.some((other, at) => at > index && other.direction === direction);
    const useless =
      transports.find(({ lost }) => lost) ??
      transports.find((transport, index) => !transport.told && isOutdated(transport, index));
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
          this.#reviewEvidence(by);
          this.#superseded.review(this.#transports.values());
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
    this.#superseded.review(this.#transports.values());
    // Closed by this side: its silence tells nothing about the peer.
    if (this.#evidence === "connected" && !this.#anyUp()) this.#evidence = "none";
  }

  #reviewEvidence(by: "ice" | "dtls"): void {
    const state = this.#anyUp() ? "connected" : "lost";
    if (this.#evidence === state || (state === "lost" && this.#evidence === "none")) return;
    this.#evidence = state;
    this.#options.onEvidence(state, by);
  }

  #anyUp(): boolean {
    for (const transport of this.#transports.values()) if (transport.up) return true;
    return false;
  }
}
