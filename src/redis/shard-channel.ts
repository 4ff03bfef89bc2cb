import { createHash } from "node:crypto";
import type { Redis } from "ioredis";
import type { HostPort } from "./redis-url.js";
import { ChannelHome } from "./channel-home.js";

/** What the subscriber sends itself. */
const ECHO = "echo";
/** So many echoes may be under way. A busy process hears one late. */
const MOST_ECHOES = 3;
/** So many messages are remembered, to recognize those that come twice. */
const MOST_REMEMBERED = 500;
/** A longer message is remembered by its digest. Most are shorter, and a digest costs more time than everything else here. */
const MOST_CHARACTERS = 1_000;

export type Way = "everywhere" | "sharded";

/**
 * A node's channel as one of a shard: Redis tells a message only to the members of the shard, not to the whole cluster. The channel
 * has the same name in both ways, and whoever sends a message tries this one first. So a subscription that is lost here costs no
 * message, but the whole cluster hears them. After a failover a message can come in both ways.
 */
export class ShardChannel {
  readonly #name: string;
  readonly #home: ChannelHome;
  /** Undefined: this Redis has no such channels, or does not let this node use them. */
  #isHeard: boolean | undefined;
  #echoes = 0;
  /** The way in which each of the latest messages has come first, by its text or digest. The oldest is at the beginning. */
  readonly #came = new Map<string, Way>();

  constructor(name: string) {
    this.#name = name;
    this.#home = new ChannelHome(name);
  }

  get isHeard(): boolean {
    return this.#isHeard === true;
  }

  /** To which member the next connection leads; undefined: to any. Forgets it. */
  takeNext(): HostPort | undefined {
    return this.#home.takeNext();
  }

  /** The connection is gone. */
  left(): void {
    this.#isHeard = undefined;
  }

  /**
   * Subscribes, if this member of the cluster is the master that has the channel.
   *
   * @returns false: make a new connection, which leads to that master
   */
  async join(member: Redis): Promise<boolean> {
    this.#echoes = 0;
    const where = await this.#home.find(member).catch((error: unknown) => {
      // Redis refuses a question: then the whole cluster hears each message.
      if (isAnswer(error)) return "nowhere" as const;
      throw error;
    });
    if (where === "elsewhere") return false;
    this.#isHeard = where === "out of reach" ? false : undefined;
    if (where === "here") this.#isHeard = await this.#subscribe(member);
    return true;
  }

  /** A message has come. @returns whether it is for the node: no echo, and none that has come in the other way before */
  took(text: string, way: Way): boolean {
    if (text === ECHO) {
      this.#echoes = 0;
      return false;
    }
    if (this.#isHeard === undefined) return true;
    const key = text.length > MOST_CHARACTERS ? digestOf(text) : text;
    const came = this.#came.get(key);
    if (came !== undefined && came !== way) {
      this.#came.delete(key);
      return false;
    }
    this.#came.set(key, way);
    const [oldest] = this.#came.keys();
    if (this.#came.size > MOST_REMEMBERED && oldest !== undefined) this.#came.delete(oldest);
    return true;
  }

  /**
   * Finds out whether this node hears what is sent to it.
   *
   * @param send sends a text on the channel, and resolves with how many have heard it at the master that has the channel; -1 when
   *   Redis refuses that
   * @returns `unheard`: another master has the channel by now. `silent`: this node hears nothing at all
   */
  async check(send: (text: string) => Promise<number>): Promise<"fine" | "unheard" | "silent"> {
    if (this.#isHeard === undefined) return "fine";
    if (this.#echoes === MOST_ECHOES) return "silent";
    const heard = await send(ECHO);
    this.#echoes += 1;
    if (heard < 0) this.#isHeard = undefined;
    return heard === 0 ? "unheard" : "fine";
  }

  async #subscribe(member: Redis): Promise<boolean | undefined> {
    try {
      await member.ssubscribe(this.#name);
      return true;
    } catch (error) {
      // Without an answer nobody knows whether the subscription has begun.
      if (!isAnswer(error)) throw error;
      // The slot has just moved, or Redis refuses the command.
      return /^(MOVED|CLUSTERDOWN)/.test(error.message) ? false : undefined;
    }
  }
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}

function isAnswer(error: unknown): error is Error {
  return error instanceof Error && error.name === "ReplyError";
}
