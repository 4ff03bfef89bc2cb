import type { WebRtcTransport } from "mediasoup/types";
import type { MediaEvidence } from "../ports/media-plane.js";

/** Which of the two protocols of a transport reported a change. */
export type ConnectivityCause = "ice" | "dtls";

/** A transport or its observer: mediasoup emits both events on both. */
interface ConnectivityEvents {
  on(event: "icestatechange" | "dtlsstatechange", listener: () => void): unknown;
}

/** Whether ICE has consent and DTLS is connected: then the client is at the other end. */
export function isUp({
  closed,
  iceState,
  dtlsState,
}: Pick<WebRtcTransport, "closed" | "iceState" | "dtlsState">): boolean {
  return !closed && (iceState === "connected" || iceState === "completed") && dtlsState === "connected";
}

/** Calls `listener` when the client or the network changes the ICE or DTLS state, but not when this side closes. */
export function onConnectivityChange(
  transport: Pick<WebRtcTransport, "closed">,
  events: ConnectivityEvents,
  listener: (by: ConnectivityCause) => void,
): void {
  const tell = (by: ConnectivityCause) => (): void => {
    if (!transport.closed) listener(by);
  };
  events.on("icestatechange", tell("ice"));
  events.on("dtlsstatechange", tell("dtls"));
}

/**
 * Turns the state of all transports of one session into {@link MediaEvidence}: `connected` when the first one is up,
 * `lost` when the last one that was up is lost. When this side closes a transport, that says nothing about the client.
 */
export class ConnectivityEvidence {
  readonly #anyUp: () => boolean;
  readonly #onEvidence: (state: MediaEvidence, by: ConnectivityCause) => void;
  /** `none` until a transport was up, and again after this side has closed all transports that were up. */
  #state: MediaEvidence | "none" = "none";
  #lostBy: ConnectivityCause | undefined;

  /**
   * @param anyUp whether any open transport of the session {@link isUp}
   * @param onEvidence gets each change, and what reported it
   */
  constructor(anyUp: () => boolean, onEvidence: (state: MediaEvidence, by: ConnectivityCause) => void) {
    this.#anyUp = anyUp;
    this.#onEvidence = onEvidence;
  }

  /** What ICE and DTLS say now, and what reported a loss. */
  get current(): { state: MediaEvidence | "none"; lostBy: ConnectivityCause | undefined } {
    return { state: this.#state, lostBy: this.#state === "lost" ? this.#lostBy : undefined };
  }

  /** To be called after each change of a transport. */
  changed(by: ConnectivityCause): void {
    const state = this.#anyUp() ? "connected" : "lost";
    if (this.#state === state || (state === "lost" && this.#state === "none")) return;
    this.#state = state;
    this.#lostBy = by;
    this.#onEvidence(state, by);
  }

  /** To be called after one transport was closed on this side. */
  transportClosed(): void {
    if (this.#state === "connected" && !this.#anyUp()) this.#state = "none";
  }

  /** To be called when all transports are closed on this side, or gone with their worker. */
  reset(): void {
    this.#state = "none";
  }
}
