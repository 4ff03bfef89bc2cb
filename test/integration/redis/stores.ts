import { randomUUID } from "node:crypto";
import { expect, onTestFinished } from "vitest";
import { RedisStore, type RedisStoreOptions } from "../../../src/redis/redis-store.js";
import { until } from "../../support/until.js";
import type { SharedStore } from "../../contract/directory-contract.js";

/** Short, so that a test can wait until a lease has run out. */
const LEASE_MS = 600;

/** Opens stores as nodes do, each with connections of its own; closed with the test. Any listener that throws fails it. */
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

/** An empty store for the contract, under a prefix that nobody else has. */
export async function emptySharedStore(url: string): Promise<SharedStore> {
  const store = await openReadyStore(url, { prefix: `test-${randomUUID()}` });
  return {
    directory: (nodeId) => store.directory(nodeId),
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
}
