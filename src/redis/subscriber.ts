import type { Redis } from "ioredis";
import type { Clock } from "../kernel/clock.js";
import { Loop } from "../kernel/loop.js";
import type { ShardChannel, Way } from "./shard-channel.js";

/** How often the subscriber pings Redis. It sends nothing else on this connection, so only a ping notices a dead one. */
const PROBE_INTERVAL_MS = 2_000;
/** Each new connection costs the messages that are published meanwhile. So there is some time between two of them. */
const RENEW_PAUSE_MS = 5_000;
/** The same where no message is lost, but the whole cluster hears each of them. */
const RETURN_PAUSE_MS = 30_000;

/**
 * Keeps a connection subscribed to fixed channels. When the connection breaks, it subscribes again and calls `subscribed`.
 * Messages that were published in between are lost.
 */
export class Subscriber {
  readonly #client: Redis;
  readonly #clock: Clock;
  readonly #channels: readonly string[];
  readonly #shard: ShardChannel | undefined;
  readonly #probe: Loop;
  readonly #callbacks: SubscriberCallbacks;
  #subscribed = false;
  #renewedAt = -Infinity;
  #closed = false;

  /** @param shard one of the channels, which is also one of a shard; only in a cluster */
  constructor(
    client: Redis,
    clock: Clock,
    channels: readonly string[],
    callbacks: SubscriberCallbacks,
    shard?: ShardChannel,
  ) {
    this.#client = client;
    this.#clock = clock;
    this.#channels = channels;
    this.#callbacks = callbacks;
    this.#shard = shard;
    client.on("ready", () => void this.#subscribe());
    client.on("close", () => {
      this.#subscribed = false;
      shard?.left();
    });
    // After an error that breaks the connection, the Redis client closes it and connects again.
    client.on("error", () => callbacks.failed());
    client.on("message", (_channel: string, text: string) => this.#heard(text, "everywhere"));
    client.on("smessage", (_channel: string, text: string) => this.#heard(text, "sharded"));
    // Redis has ended the subscription, because the slot of the channel has moved.
    client.on("moved", () => {
      if (this.#subscribed && !this.#closed) client.disconnect(true);
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

  /** The way in which this subscriber hears what is sent to its node, and so do nearly all others. */
  get way(): Way {
    return this.#shard?.isHeard ? "sharded" : "everywhere";
  }

  /** Makes a new connection: this one may lead to a Redis that is not the master any more, and that hears no messages. */
  renew(pauseMs = RENEW_PAUSE_MS): void {
    const now = this.#clock.mono();
    if (!this.#subscribed || now - this.#renewedAt < pauseMs) return;
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
      if ((await this.#shard?.join(this.#client)) === false) {
        this.#client.disconnect(true);
        return;
      }
      await this.#client.subscribe(...this.#channels);
    } catch {
      this.#callbacks.failed();
      this.#client.disconnect(true);
      return;
    }
    this.#subscribed = true;
    this.#callbacks.subscribed();
  }

  #heard(text: string, way: Way): void {
    // The Redis client still passes on what it had received before it was told to disconnect.
    if (this.#closed || this.#shard?.took(text, way) === false) return;
    this.#callbacks.message(text);
  }

  async #ask(): Promise<void> {
    if (this.#subscribed) {
      await this.#client.ping();
      await this.#checkShard();
    }
    // A client that is told to disconnect while it looks for the master, as after two failovers, gives up for good.
    else if (this.#client.status === "end" && !this.#closed) await this.#client.connect();
  }

  async #checkShard(): Promise<void> {
    const { echo } = this.#callbacks;
    const outcome = echo && (await this.#shard?.check(echo).catch(() => "fine"));
    if (outcome === "silent") this.renew();
    if (outcome === "unheard") this.renew(RETURN_PAUSE_MS);
  }
}

export interface SubscriberCallbacks {
  /** From now on messages arrive. */
  subscribed: () => void;
  message: (text: string) => void;
  failed: () => void;
  /** Sends a text to the own node. Resolves with how many have heard it on its channel of a shard. */
  echo?: (text: string) => Promise<number>;
}
