import type { WebRtcTransport } from "mediasoup/types";
import type { MediaEvidence, MediaLeftovers } from "../../ports/media-plane.js";
import { ConnectivityEvidence, isUp, onConnectivityChange, type ConnectivityCause } from "../connectivity.js";
import type { MediaLogger } from "../media-options.js";
import { ClosedMedia } from "../workers/closed-media.js";
import type { SendingTransport } from "../silence.js";
import type { MediaVerifier } from "../workers/media-verifier.js";
import type { SeenTransport } from "./external-watch.js";

/**
 * The transports that the application has made for one session, in any room. They close with the session, their ICE and
 * DTLS states are evidence, and their worker is asked whether they are gone.
 */
export class ExternalTransports {
  readonly sessionId: string;
  readonly #verifier: MediaVerifier;
  readonly #logger: MediaLogger;
  readonly #evidence: ConnectivityEvidence;
  readonly #seen = new Set<SeenTransport>();
  readonly #closed = new ClosedMedia();
  #hadSome = false;

  constructor(options: {
    sessionId: string;
    verifier: MediaVerifier;
    logger: MediaLogger;
    onEvidence: (state: MediaEvidence, by: ConnectivityCause) => void;
  }) {
    this.sessionId = options.sessionId;
    this.#verifier = options.verifier;
    this.#logger = options.logger;
    this.#evidence = new ConnectivityEvidence(
      () => [...this.#seen].some(({ transport }) => isWebRtc(transport) && isUp(transport)),
      options.onEvidence,
    );
  }

  /** Whether the session has ever had a transport that mediasoup announced. */
  get hadSome(): boolean {
    return this.#hadSome;
  }

  /** Makes the session the owner of the transport. Idempotent. */
  add(seen: SeenTransport): void {
    const { transport } = seen;
    if (this.#seen.has(seen) || transport.closed) return;
    seen.owner = this.sessionId;
    this.#seen.add(seen);
    this.#hadSome = true;
    transport.observer.once("close", () => {
      this.#seen.delete(seen);
      this.#evidence.transportClosed();
    });
    if (!isWebRtc(transport)) return;
    onConnectivityChange(transport, transport.observer, (by) => this.#evidence.changed(by));
    // The application may register a transport that is up already.
    if (isUp(transport)) this.#evidence.changed("ice");
  }

  /** The transports with a producer that is not paused. */
  sending(): readonly SendingTransport[] {
    const active = [...this.#seen].filter(({ producers }) => [...producers.values()].some(({ paused }) => !paused));
    return active.map(({ transport }) => transport).filter(hasStats);
  }

  counts(): { transports: number; producers: number; consumers: number } {
    const seen = [...this.#seen];
    return {
      transports: seen.length,
      producers: seen.reduce((sum, { producers }) => sum + producers.size, 0),
      consumers: seen.reduce((sum, { consumers }) => sum + consumers.size, 0),
    };
  }

  /** What ICE and DTLS of these transports say now. */
  get connectivity(): ConnectivityEvidence["current"] {
    return this.#evidence.current;
  }

  /** The ids of the open transports. */
  get ids(): string[] {
    return [...this.#seen].map(({ transport }) => transport.id);
  }

  /** Whether a worker has not confirmed yet that something is closed. */
  get isUnverified(): boolean {
    return !this.#closed.isEmpty;
  }

  /** Closes all transports, and with them what is in them. Idempotent, never throws. */
  closeAll(): void {
    this.#evidence.reset();
    this.closeOnly(this.ids);
  }

  /** Closes those of these transports that are the session's. Idempotent, never throws. */
  closeOnly(transportIds: readonly string[]): void {
    const wanted = new Set(transportIds);
    for (const { transport, place, producers, consumers } of this.#seen) {
      if (!wanted.has(transport.id)) continue;
      this.#closed.add(place, transport.id, { producers: [...producers.keys()], consumers: [...consumers] });
      try {
        transport.close();
      } catch (error) {
        // Only when the pipe to the worker is broken. The worker is asked later whether it still has the transport.
        const fields = { err: error, transportId: transport.id, sessionId: this.sessionId };
        this.#logger.error(fields, "a transport could not be closed");
      }
    }
  }

  /** Asks the workers which of the closed objects they still hold. Rejects when one does not answer in time. */
  verifyClosed(): Promise<MediaLeftovers> {
    return this.#closed.verify(this.#verifier);
  }
}

/** All kinds have it but the one that connects nobody: a direct transport. */
function hasStats(transport: SeenTransport["transport"]): transport is SeenTransport["transport"] & SendingTransport {
  return transport.type !== "direct";
}

function isWebRtc(transport: SeenTransport["transport"]): transport is WebRtcTransport {
  return "iceState" in transport && "dtlsState" in transport;
}
