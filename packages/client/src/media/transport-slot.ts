/**
 * Holds the transport of one direction: creates it when it is first needed, restarts ICE when the network changes, and
 * gives the transport up when that does not help. The next {@link TransportSlot.open} then makes a new one.
 */
import type { Device, Transport } from "mediasoup-client/types";
import type { LastseenClient } from "../client.js";
import type { Timers } from "../environment.js";
import { outcomeUnknown, RequestError, wasDisconnected } from "../request-error.js";
import { iceParametersOf, publishedAs, transportOptions } from "./parameters.js";
import type { Direction } from "./types.js";

/** How long `disconnected` may last before ICE is restarted; browsers report it early. */
const DISCONNECTED_MS = 3_000;
/** How long an ICE restart may take. */
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
  /** Repeats the request for which mediasoup-client waits, and which the service may not have received. */
  #askAgain: (() => void) | undefined;

  constructor(
    direction: Direction,
    parts: {
      client: LastseenClient;
      timers: Timers;
      device: () => Promise<Device>;
      onState: (state: RTCPeerConnectionState) => void;
      /** The transport is closed; `by`: which side gave it up. */
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

  /** Grows when a transport is given up. Work that started in an older generation fails for that reason alone. */
  get generation(): number {
    return this.#generation;
  }

  /** The transport, if there is one. */
  get current(): Transport | undefined {
    return this.#transport;
  }

  /** @throws RequestError; Error when the transport was dropped in the meantime */
  open(): Promise<Transport> {
    if (this.#transport) return Promise.resolve(this.#transport);
    if (this.#creating) return this.#creating;
    const creating = this.#create().finally(() => {
      if (this.#creating === creating) this.#creating = undefined;
    });
    return (this.#creating = creating);
  }

  /** Closes the transport and what is in it on this side. Idempotent. */
  drop(): void {
    this.#generation += 1;
    this.#creating = undefined;
    this.#askAgain = undefined;
    this.#timers.clear(this.#timer);
    const transport = this.#transport;
    this.#transport = undefined;
    transport?.close();
  }

  /**
   * The service says that the transport is gone. That does not concern a transport that is being created: the service
   * answers in order, so it creates that one after this message.
   */
  lost(): void {
    this.#lose("service");
  }

  /**
   * Repeats a request whose answer was lost. Helps a transport that is not connected: restarts ICE. After a change of network it
   * restarts ICE even if the transport is connected.
   */
  async revive(networkChanged: boolean): Promise<void> {
    const transport = this.#transport;
    this.#askAgain?.();
    if (!transport || transport.connectionState === "new") return;
    if (transport.connectionState === "connected" && !networkChanged) return;
    this.#timers.clear(this.#timer);
    try {
      const reply = await this.#client.request("restartIce", { transportId: transport.id });
      if (transport !== this.#transport) return;
      await transport.restartIce({ iceParameters: iceParametersOf(reply) });
      if (transport === this.#transport) this.#expectConnected(transport);
    } catch (error) {
      // Without a connection this is repeated after the next hello.
      if (transport !== this.#transport || wasDisconnected(error)) return;
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
      this.#ask(
        transport,
        () => this.#client.request("connectTransport", { transportId: transport.id, dtlsParameters }),
        done,
        failed,
      ),
    );
    transport.on("produce", ({ kind, rtpParameters, appData }, done, failed) =>
      this.#ask(
        transport,
        () =>
          this.#client.request("produce", { transportId: transport.id, kind, rtpParameters, ...publishedAs(appData) }),
        ({ producerId }) => done({ id: producerId }),
        failed,
      ),
    );
    transport.on("connectionstatechange", (state) => {
      if (transport === this.#transport) this.#changed(transport, state);
    });
    return transport;
  }

  /**
   * Repeats the request until the service answers. mediasoup-client is in the middle of a negotiation here. When `connect` fails, the
   * transport cannot be used any more. When `produce` fails, mediasoup-client takes the track out of the connection and tells nobody
   * when it has done so, and what is published meanwhile fails. The service answers the same request in the same way.
   */
  #ask<T>(
    transport: Transport,
    request: () => Promise<T>,
    done: (answer: T) => void,
    failed: (error: Error) => void,
  ): void {
    const again = () => {
      if (transport === this.#transport) this.#ask(transport, request, done, failed);
    };
    this.#askAgain = undefined;
    request().then(done, (error: Error) => {
      if (transport !== this.#transport) failed(error);
      else if (wasDisconnected(error)) this.#askAgain = again;
      else if (outcomeUnknown(error)) again();
      else this.#refused(error, again, failed);
    });
  }

  #refused(error: Error, again: () => void, failed: (error: Error) => void): void {
    const { code, retryable } = error instanceof RequestError ? error : { code: undefined, retryable: false };
    if (retryable) {
      this.#timer = this.#timers.set(DISCONNECTED_MS, again);
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
    this.#timer = this.#timers.set(DISCONNECTED_MS, () => {
      if (transport === this.#transport) void this.revive(false);
    });
  }

  #expectConnected(transport: Transport): void {
    this.#timer = this.#timers.set(RESTART_MS, () => {
      if (transport === this.#transport && transport.connectionState !== "connected") this.#lose("client");
    });
  }
}

/** A transport, or a producer of one. */
interface Closable {
  readonly observer: {
    once(event: "close", listener: () => void): unknown;
    off(event: "close", listener: () => void): unknown;
  };
}

/**
 * Resolves like `work`, or rejects when the transport closes first: a browser's promises never settle after their peer
 * connection was closed.
 *
 * @throws Error when the transport was closed in the meantime
 */
export function whileOpen<T>({ observer }: Closable, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const closed = () => reject(new Error("The transport was closed in the meantime."));
    observer.once("close", closed);
    work.then(resolve, reject).finally(() => observer.off("close", closed));
  });
}
