/**
 * The store that the nodes of one service share, in Redis. It is an index and does not decide who is alive. While Redis
 * cannot be reached, the store's methods reject quickly, and the service goes on without it.
 */
import { systemClock, type Clock } from "../kernel/clock.js";
import type { BlockList } from "../ports/block-list.js";
import type { BlockedCallers } from "../ports/blocked-callers.js";
import type { CallLimits, CallStore } from "../ports/call-store.js";
import { LEASE_MS, type Directory } from "../ports/directory.js";
import type { EventLog } from "../ports/event-log.js";
import type { Formats, NodeName } from "../ports/node-name.js";
import type { StoreCheck } from "../ports/store-check.js";
import { createCommandClient, createSubscribingClient } from "./clients.js";
import type { RedisCredentials } from "./credentials.js";
import { EvictionPolicy } from "./eviction-policy.js";
import { Following } from "./following.js";
import { DEFAULT_PREFIX, Keys } from "./keys.js";
import { RedisLink, type LinkEvents } from "./link.js";
import { RedisBlockedCallers } from "./redis-blocked-callers.js";
import { RedisBlocks } from "./redis-blocks.js";
import { RedisBus } from "./redis-bus.js";
import { RedisCalls } from "./redis-calls.js";
import { RedisDirectory } from "./redis-directory.js";
import { RedisEventLog, type EventLogLimits } from "./redis-event-log.js";
import { formatsOf, RedisNodeName } from "./redis-node-name.js";
import { RedisStoreCheck } from "./redis-store-check.js";
import { parseRedisUrl, type RedisAddress } from "./redis-url.js";
import { ShardRunner, type Runner } from "./runner.js";
import { ShardedDirectory } from "./sharded-directory.js";
import { ShardedStoreCheck } from "./sharded-store-check.js";
import { ShardChannel } from "./shard-channel.js";
import { Shards } from "./shards.js";
import { Subscriber } from "./subscriber.js";

export interface RedisStoreOptions {
  /** A `REDIS_URL`; see `redis-url.ts` for its forms. */
  url: string;
  /** Called with the error of a listener that threw. */
  onListenerError: (error: unknown, event: PropertyKey) => void;
  /** Called once for each policy with which Redis deletes keys when its memory is full. */
  onHarmfulPolicy?: (policy: string) => void;
  /** How this service proves who it is. Default: the user and the password in the URL. */
  credentials?: RedisCredentials;
  /** What all keys begin with. */
  prefix?: string;
  /** Over how many hash tags rooms and sessions are divided; 1: not at all. All nodes have the same number. */
  shards?: number;
  leaseMs?: number;
  clock?: Clock;
  /** The formats of entries that this process can read. Default: those of this build. */
  formats?: Formats;
}

export class RedisStore {
  /** Other adapters run their scripts with it. The metrics `lastseen_redis_*` read its state and errors. */
  readonly link: RedisLink;
  readonly evictionPolicy: EvictionPolicy;
  readonly #address: RedisAddress;
  readonly #credentials: RedisCredentials;
  readonly #leaseMs: number;
  readonly #formats: Formats;
  readonly #shards: readonly ShardRunner[];
  readonly #clock: Clock;
  readonly #onListenerError: (error: unknown, event: PropertyKey) => void;
  readonly #open = new Set<{ close(): Promise<void> }>();
  readonly #directories = new Map<string, RedisDirectory>();
  readonly #checks = new Map<Directory, StoreCheck>();
  readonly #following = new Map<string, Following>();

  /**
   * Begins to connect, and tries again until it is closed. An unreachable Redis is no error.
   *
   * @throws Error when the URL or the prefix is malformed
   */
  constructor(options: RedisStoreOptions) {
    this.#address = parseRedisUrl(options.url);
    this.#credentials = options.credentials ?? credentialsIn(this.#address);
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
    const { shards = 1, prefix = DEFAULT_PREFIX } = options;
    this.#formats = options.formats ?? formatsOf(shards);
    this.#clock = options.clock ?? systemClock;
    this.#onListenerError = options.onListenerError;
    const database = this.#address.kind === "cluster" ? 0 : this.#address.db;
    const client = createCommandClient(this.#address, this.#credentials);
    this.link = new RedisLink(client, new Keys(prefix, database), options.onListenerError);
    const tags = shards > 1 ? Array.from({ length: shards }, (_, n) => `${n + 1}`) : [];
    this.#shards = tags.map((tag) => new ShardRunner(this.link, new Keys(prefix, database, tag)));
    this.evictionPolicy = new EvictionPolicy({
      clock: this.#clock,
      read: () => this.link.info("memory"),
      found: options.onHarmfulPolicy ?? (() => undefined),
    });
    this.#open.add(this.evictionPolicy);
  }

  /** `down`: Redis does not answer, or has refused a command and accepted no write since. */
  get state(): "up" | "down" {
    return this.link.state;
  }

  on<K extends keyof LinkEvents>(event: K, listener: (payload: LinkEvents[K]) => void): () => void {
    return this.link.on(event, listener);
  }

  directory(nodeId: string): RedisDirectory | ShardedDirectory {
    const directory = this.#shards.length > 0 ? this.#divided(nodeId) : this.#undivided(nodeId, this.link);
    this.#open.add(directory);
    return directory;
  }

  /** The name of a node, for this process. @param url where clients reach it */
  nodeName(nodeId: string, url: string | undefined): NodeName {
    return new RedisNodeName({ link: this.link, nodeId, url, holdMs: this.#leaseMs, formats: this.#formats });
  }

  /** Finds keys that Redis has lost. @param directory that {@link directory} has made, under whose lease it looks */
  check(directory: Directory): StoreCheck {
    const check = this.#checks.get(directory);
    if (!check) throw new Error("this store has not made the directory");
    return check;
  }

  /** The calls of all nodes. All nodes give the same limits. */
  calls(limits?: CallLimits): CallStore {
    return new RedisCalls(this.link, limits);
  }

  /** Whom each user does not want to be called by. */
  blockedCallers(): BlockedCallers {
    return new RedisBlockedCallers(this.link);
  }

  /** The users whom operators have blocked. */
  blocks(): BlockList {
    return new RedisBlocks(this.link);
  }

  /** The log of events for the backend. Each call of this method makes the access of one process of the node. */
  events(nodeId: string, limits?: EventLogLimits): EventLog {
    return new RedisEventLog(this.link, nodeId, limits);
  }

  /** What the node follows stands under the lease of its {@link directory}. */
  bus(nodeId: string): RedisBus {
    const bus = new RedisBus({
      link: this.link,
      nodeId,
      following: this.#followingOf(nodeId),
      subscribe: (channels, callbacks) => {
        const shard = this.#address.kind === "cluster" ? new ShardChannel(this.link.keys.channelTo(nodeId)) : undefined;
        const client = createSubscribingClient(this.#address, this.#credentials, shard);
        return new Subscriber(client, this.#clock, channels, callbacks, shard);
      },
      onListenerError: this.#onListenerError,
    });
    this.#open.add(bus);
    return bus;
  }

  /** Ends all leases that it can end, and all connections. Can be called twice. */
  async close(): Promise<void> {
    await Promise.all([...this.#open].map((part) => part.close()));
    this.#open.clear();
    this.link.close();
  }

  /** All keys of a service, or those that are not divided. */
  #undivided(nodeId: string, runner: Runner): RedisDirectory {
    const directory = new RedisDirectory(runner, nodeId, this.#leaseMs);
    this.#directories.set(nodeId, directory);
    this.#checks.set(directory, new RedisStoreCheck(this.link, directory, this.#followingOf(nodeId)));
    return directory;
  }

  #divided(nodeId: string): ShardedDirectory {
    // That one of them accepts a write proves nothing about the others.
    const whole = this.#undivided(nodeId, new ShardRunner(this.link, this.link.keys));
    const checks = [this.check(whole)];
    const shardOf = (runner: ShardRunner): RedisDirectory => {
      const shard = new RedisDirectory(runner, nodeId, this.#leaseMs, this.#formats.newest);
      checks.push(new RedisStoreCheck(runner, shard));
      return shard;
    };
    const [first, ...others] = this.#shards;
    if (!first) throw new Error("a divided store has shards");
    const shards = new Shards([shardOf(first), ...others.map(shardOf)]);
    const directory = new ShardedDirectory({ whole, shards, clock: this.#clock, wrote: () => this.link.wrote() });
    this.#checks.set(directory, new ShardedStoreCheck(checks));
    return directory;
  }

  #followingOf(nodeId: string): Following {
    const known = this.#following.get(nodeId);
    const lease = () => this.#directories.get(nodeId)?.lease;
    const following =
      known ?? new Following({ link: this.link, clock: this.#clock, lease, onListenerError: this.#onListenerError });
    this.#following.set(nodeId, following);
    return following;
  }
}

function credentialsIn({ username, password }: RedisAddress): RedisCredentials {
  return {
    redis: () => ({ username, password }),
    sentinel: () => ({ username: undefined, password: undefined }),
    secureContext: () => undefined,
  };
}
