/**
 * The place of one transport: created when it is first needed, helped over a changed network by an ICE restart, and
 * given up when that does not help. Whoever uses it asks for it again then and gets a new one.
 */
import type { Device, DtlsParameters, Transport } from "mediasoup-client/types";
import type { LastseenClient } from "../client.js";
import type { Timers } from "../environment.js";
import { lostOnTheWay, RequestError, withoutLine } from "../request-error.js";
import { iceParametersOf, publishedAs, transportOptions } from "./parameters.js";
import type { Direction } from "./types.js";

/** Lost packets for this long may be a passing weakness; browsers say `disconnected` early. */
const WEAKNESS_MS = 3_000;
/** An ICE restart that has not connected by then is taken for failed. */
const RESTART_MS = 8_000;

export class TransportSlot {
  readonly direction: Direction;
  readonly #client: LastseenClient;
  readonly #timers: Timers;
  readonly #device: () => Promise<Device>;
  readonly #onState: (state: RTCPeerConnectionState) => void;
  readonly #onLost: (by: "service" | "client") => void;
  #transport: Transport | undefined;
  #creating: Promise<Transport> | undefined;
  #generation = 0;
  #timer: unknown;
  /** Tells the service once more how this side connects, which it may not have heard. */
  #connectAgain: (() => void) | undefined;

  constructor(
    direction: Direction,
    parts: {
      client: LastseenClient;
      timers: Timers;
      device: () => Promise<Device>;
      onState: (state: RTCPeerConnectionState) => void;
      /** The transport is closed and cannot be used any more; `by` whom. */
      onLost: (by: "service" | "client") => void;
    },
  ) {
    this.direction = direction;
    this.#client = parts.client;
    this.#timers = parts.timers;
    this.#device = parts.device;
    this.#onState = parts.onState;
    this.#onLost = parts.onLost;
  }

  /** Grows whenever a transport is given up: what was begun under an older generation fails for no other reason. */
  get generation(): number {
    return this.#generation;
  }

  /** The transport, if there is one. */
  get current(): Transport | undefined {
    return this.#transport;
  }

  /** @throws RequestError; Error when it was dropped meanwhile */
  open(): Promise<Transport> {
    if (this.#transport) return Promise.resolve(this.#transport);
    if (this.#creating) return this.#creating;
    const creating = this.#create().finally(() => {
      if (this.#creating === creating) this.#creating = undefined;
    });
    return (this.#creating = creating);
  }

  /** Closes the transport on this side, with all that runs over it. Idempotent. */
  drop(): void {
    this.#generation += 1;
    this.#creating = undefined;
    this.#connectAgain = undefined;
    this.#timers.clear(this.#timer);
    const transport = this.#transport;
    this.#transport = undefined;
    transport?.close();
  }

  /**
   * The service says that it is gone. One that is only being asked for is not meant: the service answers in order, so
   * what it creates after saying so is there to stay.
   */
  lost(): void {
    this.#lose("service");
  }

  /**
   * Helps a transport that does not connect as it should: says once more what the service may not have heard, or restarts
   * ICE, that in any case when the network has changed.
   */
  async revive(networkChanged: boolean): Promise<void> {
    const transport = this.#transport;
    this.#connectAgain?.();
    if (!transport || transport.connectionState === "new") return;
    if (transport.connectionState === "connected" && !networkChanged) return;
    this.#timers.clear(this.#timer);
    try {
      const reply = await this.#client.request("restartIce", { transportId: transport.id });
      if (transport !== this.#transport) return;
      await transport.restartIce({ iceParameters: iceParametersOf(reply) });
      if (transport === this.#transport) this.#expectConnected(transport);
    } catch (error) {
      // Without a line this is done again as soon as there is one.
      if (transport !== this.#transport || withoutLine(error)) return;
      if (error instanceof RequestError && error.retryable) this.#reviveLater(transport);
      else this.#lose("client");
    }
  }

  #lose(by: "service" | "client"): void {
    if (!this.#transport) return;
    this.drop();
    this.#onLost(by);
  }

  async #create(): Promise<Transport> {
    const generation = this.#generation;
    const device = await this.#device();
    const reply = await this.#client.request("createTransport", { direction: this.direction });
    if (generation !== this.#generation) throw new Error("The transport is not wanted any more.");
    const options = transportOptions(reply);
    const transport =
      this.direction === "send" ? device.createSendTransport(options) : device.createRecvTransport(options);
    this.#transport = transport;
    transport.on("connect", ({ dtlsParameters }, done, failed) =>
      this.#connect(transport, dtlsParameters, done, failed),
    );
    transport.on("produce", ({ kind, rtpParameters, appData }, done, failed) => {
      this.#client
        .request("produce", { transportId: transport.id, kind, rtpParameters, ...publishedAs(appData) })
        .then(({ producerId }) => done({ id: producerId }), failed);
    });
    transport.on("connectionstatechange", (state) => {
      if (transport === this.#transport) this.#changed(transport, state);
    });
    return transport;
  }

  /**
   * Goes on until the service has answered: mediasoup-client stands in the middle of a negotiation here, and nothing can be
   * made any more of a transport for which that fails. The service answers the same question in the same way.
   */
  #connect(
    transport: Transport,
    dtlsParameters: DtlsParameters,
    done: () => void,
    failed: (error: Error) => void,
  ): void {
    const again = () => {
      if (transport === this.#transport) this.#connect(transport, dtlsParameters, done, failed);
    };
    this.#connectAgain = undefined;
    this.#client
      .request("connectTransport", { transportId: transport.id, dtlsParameters })
      .then(done, (error: Error) => {
        if (transport !== this.#transport) failed(error);
        else if (withoutLine(error)) this.#connectAgain = again;
        else if (lostOnTheWay(error)) again();
        else this.#connectRefused(error, again, failed);
      });
  }

  #connectRefused(error: Error, again: () => void, failed: (error: Error) => void): void {
    const { code, retryable } = error instanceof RequestError ? error : { code: undefined, retryable: false };
    if (retryable) {
      this.#timer = this.#timers.set(WEAKNESS_MS, again);
      return;
    }
    if (code === "not_found") this.lost();
    failed(error);
  }

  #changed(transport: Transport, state: RTCPeerConnectionState): void {
    this.#onState(state);
    if (state === "connected") this.#timers.clear(this.#timer);
    else if (state === "failed") void this.revive(false);
    else if (state === "disconnected") this.#reviveLater(transport);
  }

  #reviveLater(transport: Transport): void {
    this.#timers.clear(this.#timer);
    this.#timer = this.#timers.set(WEAKNESS_MS, () => {
      if (transport === this.#transport) void this.revive(false);
    });
  }

  #expectConnected(transport: Transport): void {
    this.#timer = this.#timers.set(RESTART_MS, () => {
      if (transport === this.#transport && transport.connectionState !== "connected") this.#lose("client");
    });
  }
}

/**
 * What is being done on a transport, or its closing if that comes first: what a browser is doing when a peer connection
 * is closed never settles.
 *
 * @throws Error when the transport was closed meanwhile
 */
export function whileOpen<T>(transport: Transport, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const closed = () => reject(new Error("The transport was closed meanwhile."));
    transport.observer.once("close", closed);
    work.then(resolve, reject).finally(() => transport.observer.off("close", closed));
  });
}
