/** Where this node keeps what all nodes must know: in Redis, or in its own memory when it is alone. */
import type { Logger } from "pino";
import type { Config } from "../config/load.js";
import type { Clock } from "../kernel/clock.js";
import type { DisposalStack } from "../kernel/disposal-stack.js";
import { MemoryBlockedCallers } from "../memory/memory-blocked-callers.js";
import { MemoryBlocks } from "../memory/memory-blocks.js";
import { MemoryBus, MemoryHub } from "../memory/memory-bus.js";
import { MemoryCalls } from "../memory/memory-calls.js";
import { MemoryDirectory } from "../memory/memory-directory.js";
import { MemoryEventLog } from "../memory/memory-event-log.js";
import { MemoryEvents } from "../memory/memory-events.js";
import { MemoryStore } from "../memory/memory-store.js";
import type { RedisProblem } from "../redis/link.js";
import { RedisStore } from "../redis/redis-store.js";
import type { BlockedCallers } from "../ports/blocked-callers.js";
import type { BlockList } from "../ports/block-list.js";
import type { Bus } from "../ports/bus.js";
import type { CallStore } from "../ports/call-store.js";
import type { Directory } from "../ports/directory.js";
import type { EventLog } from "../ports/event-log.js";
import type { NodeName } from "../ports/node-name.js";
import type { StoreCheck } from "../ports/store-check.js";
import { redisCredentials } from "./redis-credentials.js";
import { Restart } from "./restart.js";
import type { ListenerFailed } from "./service-ports.js";

export interface Stores {
  readonly directory: Directory;
  /** Undefined when this node is alone. */
  readonly nodeName: NodeName | undefined;
  readonly bus: Bus;
  readonly calls: CallStore;
  readonly blockedCallers: BlockedCallers;
  readonly blocks: BlockList;
  /** The events for the backend. */
  readonly events: EventLog;
  /** Finds what the shared store has lost; undefined without one. */
  readonly check: StoreCheck | undefined;
  /** Undefined unless `RESTART_FILE` is set. */
  readonly restart: Restart | undefined;
  /** Undefined when this node uses no Redis. */
  readonly redis: RedisHealth | undefined;
}

/** What this node sees of Redis. */
export interface RedisHealth {
  /** Whether Redis answers, and accepted the last write. */
  isUp(): boolean;
  /** What is wrong; undefined while it is up. */
  problem(): RedisProblem | undefined;
  /** Commands that failed, by operation. */
  errors(): ReadonlyMap<string, number>;
  /** Commands that failed, by kind of failure. */
  failures(): ReadonlyMap<string, number>;
  /** The policy with which Redis deletes keys when its memory is full; undefined when it deletes none. */
  harmfulPolicy(): string | undefined;
}

/** How long the start waits for Redis. Then the service begins without it, and catches up when Redis answers. */
const CONNECT_LIMIT_MS = 2_000;

/**
 * A service that starts while Redis is away begins degraded.
 *
 * @throws ConfigError when `REDIS_URL` is malformed, or a file for Redis cannot be used
 */
export async function openStores(
  config: Config,
  { clock, log, listenerFailed }: { clock: Clock; log: Logger; listenerFailed: ListenerFailed },
  disposals: DisposalStack,
): Promise<Stores> {
  const { REDIS_URL } = config;
  if (REDIS_URL === undefined) return openMemory(config, { clock, log, listenerFailed }, disposals);
  const store = new RedisStore({
    url: REDIS_URL,
    credentials: redisCredentials(config, REDIS_URL, log),
    prefix: config.REDIS_PREFIX,
    shards: config.REDIS_SHARDS,
    onListenerError: listenerFailed,
    clock,
    onHarmfulPolicy: (policy) =>
      log.warn({ policy }, "Redis deletes keys when its memory is full: set its maxmemory-policy to noeviction"),
  });
  disposals.defer("redis", () => store.close());
  await isUp(store, clock);
  await store.evictionPolicy.read().catch(() => undefined);
  const directory = store.directory(config.NODE_ID);
  return {
    directory,
    nodeName: store.nodeName(config.NODE_ID, config.PUBLIC_URL),
    check: store.check(directory),
    bus: store.bus(config.NODE_ID),
    calls: store.calls({ mostRings: config.MAX_RINGS_PER_USER }),
    blockedCallers: store.blockedCallers(),
    blocks: store.blocks(),
    events: store.events(config.NODE_ID),
    restart: undefined,
    redis: {
      isUp: () => store.state === "up",
      problem: () => store.link.problem,
      errors: () => store.link.errors,
      failures: () => store.link.failures,
      harmfulPolicy: () => store.evictionPolicy.harmful,
    },
  };
}

/** Resolves when Redis has answered, or after the limit. */
function isUp(store: RedisStore, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      unfollow();
      resolve();
    };
    const timer = clock.after(CONNECT_LIMIT_MS, done);
    const unfollow = store.on("up", done);
    if (store.state === "up") done();
  });
}

async function openMemory(
  { NODE_ID: nodeId, MAX_RINGS_PER_USER: mostRings, RESTART_FILE: path }: Config,
  { clock, log, listenerFailed }: { clock: Clock; log: Logger; listenerFailed: ListenerFailed },
  disposals: DisposalStack,
): Promise<Stores> {
  const store = new MemoryStore(clock);
  const directory = new MemoryDirectory(store, nodeId);
  disposals.defer("directory", () => directory.close());
  const bus = new MemoryBus(new MemoryHub(), nodeId, listenerFailed);
  disposals.defer("bus", () => bus.close());
  await directory.register(undefined);
  const events = new MemoryEventLog(new MemoryEvents(store), nodeId);
  const blockedCallers = new MemoryBlockedCallers();
  const calls = new MemoryCalls(clock, { mostRings }, blockedCallers);
  const blocks = new MemoryBlocks(clock);
  return {
    directory,
    nodeName: undefined,
    bus,
    calls,
    blockedCallers,
    blocks,
    events,
    check: undefined,
    restart: path === undefined ? undefined : new Restart({ path, clock, log, directory, calls, blocks }),
    redis: undefined,
  };
}
