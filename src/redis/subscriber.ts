import type { Redis } from "ioredis";
import type { Clock } from "../kernel/clock.js";
import { Loop } from "../kernel/loop.js";

/** How often the subscriber pings Redis. It sends nothing else on this connection, so only a ping notices a dead one. */
const PROBE_INTERVAL_MS = 2_000;
/** Each new connection costs the messages that are published meanwhile. So there is some time between two of them. */
const RENEW_PAUSE_MS = 5_000;

/**
 * Keeps a connection subscribed to fixed channels. When the connection breaks, it subscribes again and calls `subscribed`.
 * Messages that were published in between are lost.
 */
export class Subscriber {
  readonly #client: Redis;
  readonly #clock: Clock;
  readonly #channels: readonly string[];
  readonly #probe: Loop;
  readonly #callbacks: SubscriberCallbacks;
  #subscribed = false;
  #renewedAt = -Infinity;
  #closed = false;

  constructor(client: Redis, clock: Clock, channels: readonly string[], callbacks: SubscriberCallbacks) {
    this.#client = client;
    this.#clock = clock;
    this.#channels = channels;
    this.#callbacks = callbacks;
    client.on("ready", () => void this.#subscribe());
    client.on("close", () => {
      this.#subscribed = false;
    });
    // After an error that breaks the connection, the Redis client closes it and connects again.
    client.on("error", () => callbacks.failed());
    // The Redis client still passes on what it had received before it was told to disconnect.
    client.on("message", (_channel: string, text: string) => {
      if (!this.#closed) callbacks.message(text);
    });
    this.#probe = new Loop({
      clock,
      intervalMs: PROBE_INTERVAL_MS,
      // When Redis does not answer, the Redis client ends the connection and makes a new one.
      task: () => this.#ask(),
      onError: () => callbacks.failed(),
    });
    this.#probe.start();
  }

  /** Whether messages arrive now. */
  get subscribed(): boolean {
    return this.#subscribed;
  }

  /** Makes a new connection: this one may lead to a Redis that is not the master any more, and that hears no messages. */
  renew(): void {
    const now = this.#clock.mono();
    if (!this.#subscribed || now - this.#renewedAt < RENEW_PAUSE_MS) return;
    this.#renewedAt = now;
    this.#client.disconnect(true);
  }

  /** After this call no message is passed on. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#client.disconnect();
    await this.#probe.close();
  }

  async #subscribe(): Promise<void> {
    try {
      await this.#client.subscribe(...this.#channels);
    } catch {
      this.#callbacks.failed();
      this.#client.disconnect(true);
      return;
    }
    this.#subscribed = true;
    this.#callbacks.subscribed();
  }

  async #ask(): Promise<void> {
    if (this.#subscribed) await this.#client.ping();
    // A client that is told to disconnect while it looks for the master, as after two failovers, gives up for good.
    else if (this.#client.status === "end" && !this.#closed) await this.#client.connect();
  }
}

export interface SubscriberCallbacks {
  /** From now on messages arrive. */
  subscribed: () => void;
  message: (text: string) => void;
  failed: () => void;
}
