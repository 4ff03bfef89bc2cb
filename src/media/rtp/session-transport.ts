import { isDeepStrictEqual } from "node:util";
import type { DtlsParameters, IceParameters, WebRtcTransport } from "mediasoup/types";
import type { Clock, Timer } from "../../kernel/clock.js";
import type { RouterPlace } from "./room-router.js";

/**
 * Why a transport is closed while its session stays: the other side did not connect in time, has ended DTLS for good, or
 * has another one instead: this one is lost and the other up, or the session may not have both.
 */
export type UselessReason = "connect_timeout" | "dtls_ended" | "replaced";

export interface TransportListener {
  /** ICE or DTLS changed on the wire; not called for a close by this side. */
  onChange(transport: SessionTransport, by: "ice" | "dtls"): void;
  /** It is to be closed; it does not do so itself. */
  onUseless(transport: SessionTransport, reason: UselessReason): void;
  /** It was closed, whoever did it. */
  onClosed(transport: SessionTransport): void;
}

/**
 * One WebRTC transport of a session and what its wire tells.
 *
 *     new --connect--> connecting --ICE and DTLS--> up <--ICE--> lost
 *
 * One that was never told to connect may stay: clients make transports for receiving long before they use them.
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
  /** What it was told to connect with, until the worker refuses that. */
  #connection: { dtlsParameters: DtlsParameters; done: Promise<void> } | undefined;

  constructor(options: {
    direction: "send" | "recv";
    place: RouterPlace;
    transport: WebRtcTransport;
    clock: Clock;
    /** From the order to connect until it must be up, milliseconds. */
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
    this.transport.on("icestatechange", () => this.#changed("ice"));
    this.transport.on("dtlsstatechange", () => this.#changed("dtls"));
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

  /** ICE has consent and DTLS is connected: somebody is at the other end. */
  get up(): boolean {
    const { iceState, dtlsState } = this.transport;
    return (iceState === "connected" || iceState === "completed") && dtlsState === "connected";
  }

  /** Was up, and is not any more. */
  get lost(): boolean {
    return this.#wasUp && !this.up;
  }

  /** The client has said that it will connect. */
  get told(): boolean {
    return this.#connection !== undefined;
  }

  /** Once. Who says the same again has not heard the answer, and gets it again. */
  connect(dtlsParameters: DtlsParameters): Promise<void> {
    const before = this.#connection;
    if (before && isDeepStrictEqual(before.dtlsParameters, dtlsParameters)) return before.done;
    const connection = { dtlsParameters, done: this.#connect(dtlsParameters) };
    if (!before) {
      this.#connection = connection;
      connection.done.catch(() => (this.#connection = undefined));
    }
    return connection.done;
  }

  async restartIce(): Promise<IceParameters> {
    const parameters = await this.place.worker.call("an ICE restart", "media_unavailable", () =>
      this.transport.restartIce(),
    );
    if (this.told) this.#startDeadline();
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

  #changed(by: "ice" | "dtls"): void {
    if (this.closed) return;
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
    // After a standstill of this process the good news may still wait in the pipe.
    await this.#clock.pollPhase();
    if (!this.up && !this.closed && !this.lost) this.#listener.onUseless(this, "connect_timeout");
  }
}
