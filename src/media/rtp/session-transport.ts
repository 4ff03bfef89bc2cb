import { isDeepStrictEqual } from "node:util";
import type { DtlsParameters, IceParameters, WebRtcTransport } from "mediasoup/types";
import type { Clock, Timer } from "../../kernel/clock.js";
import { isUp, onConnectivityChange, type ConnectivityCause } from "../connectivity.js";
import type { RouterPlace } from "./room-router.js";

/**
 * Why a transport is closed while its session stays:
 * - `connect_timeout`: the client did not connect it in time;
 * - `dtls_ended`: the client has ended DTLS, which is final;
 * - `replaced`: the client uses another transport instead, or the session needs the place for a new one.
 */
export type UselessReason = "connect_timeout" | "dtls_ended" | "replaced";

export interface TransportListener {
  /** The client or the network has changed the ICE or DTLS state; not called for a close by this side. */
  onChange(transport: SessionTransport, by: ConnectivityCause): void;
  /** The listener has to close the transport; it does not close itself. */
  onUseless(transport: SessionTransport, reason: UselessReason): void;
  /** It was closed, by either side. */
  onClosed(transport: SessionTransport): void;
}

/**
 * One WebRTC transport of a session, and its connection to the client.
 *
 *     new --connect--> connecting --ICE and DTLS--> up <--ICE--> lost
 *
 * A transport that the client never asks to connect stays open: clients make transports for receiving long before they
 * use them.
 */
export class SessionTransport {
  readonly direction: "send" | "recv";
  readonly place: RouterPlace;
  readonly transport: WebRtcTransport;
  readonly #clock: Clock;
  readonly #connectMs: number;
  readonly #listener: TransportListener;
  #deadline: Timer | undefined;
  #wasUp = false;
  /** The client's request to connect, unless the worker has refused it. */
  #connectRequest: { dtlsParameters: DtlsParameters; done: Promise<void> } | undefined;

  constructor(options: {
    direction: "send" | "recv";
    place: RouterPlace;
    transport: WebRtcTransport;
    clock: Clock;
    /** How long the client may take from its request to connect until the transport is up, milliseconds. */
    connectMs: number;
    listener: TransportListener;
  }) {
    this.direction = options.direction;
    this.place = options.place;
    this.transport = options.transport;
    this.#clock = options.clock;
    this.#connectMs = options.connectMs;
    this.#listener = options.listener;
    const { load } = this.place.worker;
    load.transports += 1;
    onConnectivityChange(this.transport, this.transport, (by) => this.#changed(by));
    this.transport.observer.once("close", () => {
      load.transports -= 1;
      this.#deadline?.cancel();
      this.#listener.onClosed(this);
    });
  }

  get id(): string {
    return this.transport.id;
  }

  get closed(): boolean {
    return this.transport.closed;
  }

  /** ICE has consent and DTLS is connected: the client is at the other end. */
  get up(): boolean {
    return isUp(this.transport);
  }

  /** It was up and is not any more. */
  get lost(): boolean {
    return this.#wasUp && !this.up;
  }

  /** The client has asked to connect it. */
  get connectRequested(): boolean {
    return this.#connectRequest !== undefined;
  }

  /** Connects once. A client that repeats its request, because it missed the answer, gets the same answer. */
  connect(dtlsParameters: DtlsParameters): Promise<void> {
    const before = this.#connectRequest;
    if (before && isDeepStrictEqual(before.dtlsParameters, dtlsParameters)) return before.done;
    const request = { dtlsParameters, done: this.#connect(dtlsParameters) };
    if (!before) {
      this.#connectRequest = request;
      request.done.catch(() => (this.#connectRequest = undefined));
    }
    return request.done;
  }

  async restartIce(): Promise<IceParameters> {
    const parameters = await this.place.worker.call("an ICE restart", "media_unavailable", () =>
      this.transport.restartIce(),
    );
    if (this.connectRequested) this.#startDeadline();
    return parameters;
  }

  close(): void {
    this.transport.close();
  }

  async #connect(dtlsParameters: DtlsParameters): Promise<void> {
    await this.place.worker.call("the connection of a transport", "bad_message", () =>
      this.transport.connect({ dtlsParameters }),
    );
    this.#startDeadline();
  }

  #changed(by: ConnectivityCause): void {
    if (this.up) {
      this.#wasUp = true;
      this.#deadline?.cancel();
    }
    this.#listener.onChange(this, by);
    const { dtlsState } = this.transport;
    if (dtlsState === "closed" || dtlsState === "failed") this.#listener.onUseless(this, "dtls_ended");
  }

  #startDeadline(): void {
    this.#deadline?.cancel();
    if (this.up || this.closed) return;
    this.#deadline = this.#clock.after(this.#connectMs, () => void this.#overdue());
  }

  async #overdue(): Promise<void> {
    // If this process stood still, the report that the transport is up may still wait in the pipe.
    await this.#clock.pollPhase();
    if (!this.up && !this.closed && !this.lost) this.#listener.onUseless(this, "connect_timeout");
  }
}
