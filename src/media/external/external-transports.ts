import type { WebRtcTransport } from "mediasoup/types";
import type { MediaEvidence, MediaLeftovers } from "../../ports/media-plane.js";
import type { SeenTransport } from "./external-watch.js";
import type { MediaLogger } from "../media-options.js";
import type { MediaVerifier } from "../workers/media-verifier.js";
import { TransportLedger } from "../rtp/transport-ledger.js";

/**
 * The transports that the application has made for one session, in whatever room: they are closed with it, what they tell
 * of their wires is evidence, and that they are gone is asked of their worker.
 */
export class ExternalTransports {
  readonly #sessionId: string;
  readonly #verifier: MediaVerifier;
  readonly #logger: MediaLogger;
  readonly #onEvidence: (state: MediaEvidence, by: "ice" | "dtls") => void;
  readonly #seen = new Set<SeenTransport>();
  readonly #ledger = new TransportLedger();
  /** `none` until one was up, and again when those that were have been closed. */
  #evidence: MediaEvidence | "none" = "none";

  constructor(options: {
    sessionId: string;
    verifier: MediaVerifier;
    logger: MediaLogger;
    onEvidence: (state: MediaEvidence, by: "ice" | "dtls") => void;
  }) {
    this.#sessionId = options.sessionId;
    this.#verifier = options.verifier;
    this.#logger = options.logger;
    this.#onEvidence = options.onEvidence;
  }

  /** The transport belongs to the session from here on. Idempotent. */
  take(seen: SeenTransport): void {
    const { transport } = seen;
    if (this.#seen.has(seen) || transport.closed) return;
    seen.owner = this.#sessionId;
    this.#seen.add(seen);
    transport.observer.once("close", () => this.#forget(seen));
    if (!isWebRtc(transport)) return;
    transport.observer.on("icestatechange", () => this.#review("ice"));
    transport.observer.on("dtlsstatechange", () => this.#review("dtls"));
    // One that is taken over late may be up already.
    if (isUp(seen)) this.#review("ice");
  }

  counts(): { transports: number; producers: number; consumers: number } {
    const seen = [...this.#seen];
    return {
      transports: seen.length,
      producers: seen.reduce((sum, { producers }) => sum + producers.size, 0),
      consumers: seen.reduce((sum, { consumers }) => sum + consumers.size, 0),
    };
  }

  /** Closes all of them, and with them what is in them. Idempotent, never throws. */
  closeAll(): void {
    this.#evidence = "none";
    for (const { transport, place, producers, consumers } of this.#seen) {
      this.#ledger.add(place, transport.id, { producers: [...producers], consumers: [...consumers] });
      try {
        transport.close();
      } catch (error) {
        // Only when the pipe to the worker is broken; whether it is still there, the worker is asked later.
        const fields = { err: error, transportId: transport.id, sessionId: this.#sessionId };
        this.#logger.error(fields, "a transport could not be closed");
      }
    }
  }

  /** What the workers still hold of all that was closed here. Rejects when one of them does not answer in time. */
  verifyClosed(): Promise<MediaLeftovers> {
    return this.#ledger.settle(this.#verifier);
  }

  #forget(seen: SeenTransport): void {
    this.#seen.delete(seen);
    // The application closed it: its silence tells nothing about the page.
    if (this.#evidence === "connected" && !this.#anyUp()) this.#evidence = "none";
  }

  #review(by: "ice" | "dtls"): void {
    const state = this.#anyUp() ? "connected" : "lost";
    if (this.#evidence === state || (state === "lost" && this.#evidence === "none")) return;
    this.#evidence = state;
    this.#onEvidence(state, by);
  }

  #anyUp(): boolean {
    for (const seen of this.#seen) if (isUp(seen)) return true;
    return false;
  }
}

function isWebRtc(transport: SeenTransport["transport"]): transport is WebRtcTransport {
  return "iceState" in transport && "dtlsState" in transport;
}

/** ICE has consent and DTLS is connected: somebody is at the other end. */
function isUp({ transport }: SeenTransport): boolean {
  if (!isWebRtc(transport) || transport.closed) return false;
  const { iceState, dtlsState } = transport;
  return (iceState === "connected" || iceState === "completed") && dtlsState === "connected";
}
