import { randomUUID } from "node:crypto";
import { expect, onTestFinished } from "vitest";
import { RedisStore, type RedisStoreOptions } from "../../../src/redis/redis-store.js";
import type { Script } from "../../../src/redis/script.js";
import { until } from "../../support/until.js";
import type { DirectoryUnderTest } from "../../contract/directory-contract.js";

const LOSE_ROOM: Script = {
  name: "lose-room",
  keys: ["rooms"],
  text: 'redis.call("HDEL", KEYS[1], ARGV[1])',
  sha1: "",
};

/** Short, so that a test can wait until a lease has expired. */
const LEASE_MS = 600;

/** Opens stores as nodes do, each with its own connections. They close with the test. A listener that throws fails the test. */
export function openStore(url: string, more: Partial<RedisStoreOptions> = {}): RedisStore {
  const store = new RedisStore({
    url,
    leaseMs: LEASE_MS,
    onListenerError: (error) => expect.unreachable(String(error)),
    ...more,
  });
  onTestFinished(() => store.close());
  return store;
}

export async function openReadyStore(url: string, more: Partial<RedisStoreOptions> = {}): Promise<RedisStore> {
  const store = openStore(url, more);
  await until(() => store.state === "up");
  return store;
}

/** An empty store for the contract, with its own key prefix. */
export async function emptySharedStore(url: string): Promise<DirectoryUnderTest> {
  const store = await openReadyStore(url, { prefix: `test-${randomUUID()}` });
  return {
    directory: (nodeId) => store.directory(nodeId),
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    loseRoom: async (roomId) => void (await store.link.runInOrder(LOSE_ROOM, [roomId])),
  };
}
