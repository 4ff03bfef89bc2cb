import type { Redis } from "ioredis";
import type { Clock } from "../kernel/clock.js";
import { Loop } from "../kernel/loop.js";

/** How often it is made sure that the connection still answers: nothing else is sent on it. */
const PROBE_INTERVAL_MS = 2_000;

/**
 * Keeps a connection subscribed to fixed channels. After every break it subscribes anew, and then tells it: what was
 * published in between is lost.
 */
export class Subscriber {
  readonly #client: Redis;
  readonly #channels: readonly string[];
  readonly #probe: Loop;
  readonly #callbacks: SubscriberCallbacks;
  #subscribed = false;

  constructor(client: Redis, clock: Clock, channels: readonly string[], callbacks: SubscriberCallbacks) {
    this.#client = client;
    this.#channels = channels;
    this.#callbacks = callbacks;
    client.on("ready", () => void this.#subscribe());
    client.on("close", () => {
      this.#subscribed = false;
    });
    // What breaks the connection also closes it; connecting again is the client's work.
    client.on("error", () => callbacks.failed());
    client.on("message", (_channel: string, text: string) => callbacks.message(text));
    this.#probe = new Loop({
      clock,
      intervalMs: PROBE_INTERVAL_MS,
      // Without an answer the client itself ends the connection and makes a new one.
      task: () => this.#ask(),
      onError: () => callbacks.failed(),
    });
    this.#probe.start();
  }

  /** Whether messages arrive at present. */
  get subscribed(): boolean {
    return this.#subscribed;
  }

  async close(): Promise<void> {
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
  }
}

export interface SubscriberCallbacks {
  /** From now on messages arrive. */
  subscribed: () => void;
  message: (text: string) => void;
  failed: () => void;
}
