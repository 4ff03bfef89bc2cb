/** Nodes that follow users, and Redis under them. */
import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { NodeMessage } from "../../../src/ports/node-messages.js";
import type { StoreCheck } from "../../../src/ports/store-check.js";
import type { RedisBus } from "../../../src/redis/redis-bus.js";
import type { RedisStore, RedisStoreOptions } from "../../../src/redis/redis-store.js";
import type { RedisServer } from "../../support/redis-server.js";
import { until } from "../../support/until.js";
import { openReadyStore } from "./stores.js";

export const silent = { draining: false, sent: 0 };
export const ask = (id: string): NodeMessage => ({ type: "ask", id, question: "who", data: {} });
/** Longer than a test. */
const LONG_MS = 60_000;
export const INDEXES = ["followers", "followed-by-lease", "messages-by-lease"] as const;

export interface Node {
  readonly store: RedisStore;
  readonly directory: ReturnType<RedisStore["directory"]>;
  readonly check: StoreCheck;
  readonly bus: RedisBus;
  /** Ids of the messages that have arrived. */
  readonly told: string[];
  readonly missed: string[];
}

/** How many scripts Redis runs for a step. */
export async function scriptsOf(redis: RedisServer, step: () => Promise<unknown>): Promise<number> {
  await redis.cli("config", "resetstat");
  await step();
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(await redis.cli("info", "commandstats"))?.[1]);
}

/** Nodes of one service with its own prefix. They have registered and looked for lost keys, as nodes do at their start. */
export function serviceIn(redis: RedisServer, more: Partial<RedisStoreOptions> = {}) {
  const prefix = `test-${randomUUID()}`;
  const key = (name: string): string => `${prefix}:{all}:${name}`;
  const open = async (nodeId: string, url = redis.url): Promise<Node> => {
    const store = await openReadyStore(url, { prefix, leaseMs: LONG_MS, ...more });
    const directory = store.directory(nodeId);
    const bus = store.bus(nodeId);
    const told: string[] = [];
    const missed: string[] = [];
    bus.on("message", ({ message }) => void (message.type === "ask" && told.push(message.id)));
    bus.on("missed", ({ from }) => void missed.push(from));
    await until(() => bus.subscribed);
    return { store, directory, check: store.check(directory), bus, told, missed };
  };
  const start = async (nodeId: string, url?: string): Promise<Node> => {
    const node = await open(nodeId, url);
    await node.directory.register(`wss://${nodeId}`);
    await node.directory.renew(silent);
    expect(await node.check.run()).toEqual([]);
    return node;
  };
  const members = async (name: string): Promise<string[]> =>
    (await redis.cli("zrange", key(name), "0", "-1")).split("\n").flatMap((line) => line.trim() || []);
  return { key, open, start, members };
}
