import { randomUUID } from "node:crypto";
import { expect, onTestFinished } from "vitest";
import { Keys } from "../../../src/redis/keys.js";
import { RedisStore, type RedisStoreOptions } from "../../../src/redis/redis-store.js";
import type { Script } from "../../../src/redis/script.js";
import { until } from "../../support/until.js";
import type { DirectoryUnderTest } from "../../contract/directory-contract.js";

const LOSE_ROOM: Script = {
  name: "lose-room",
  keys: ["rooms"],
  text: 'redis.call("HDEL", KEYS[1], ARGV[1])',
  sha1: "0".repeat(40),
};

/** The entries of the leases' indexes that are wrong. */
const WRONG_INDEXES: Script = {
  name: "wrong-indexes",
  keys: ["leases", "lease-ends", "lease-news", "loads", "sessions-by-lease"],
  text: `
    local wrong = {}
    local leases = redis.call("HGETALL", KEYS[1])
    for n = 1, #leases, 2 do
      local id, endsAt = leases[n], string.match(leases[n + 1], "^%d+")
      if redis.call("ZSCORE", KEYS[2], id) ~= endsAt then wrong[#wrong + 1] = "end of " .. id end
      if not redis.call("ZSCORE", KEYS[3], id) then wrong[#wrong + 1] = "news of " .. id end
    end
    if redis.call("ZCOUNT", KEYS[2], "-inf", "(+inf") ~= #leases / 2 then wrong[#wrong + 1] = "number of ends" end
    local loads = redis.call("ZRANGEBYSCORE", KEYS[4], "-inf", "(+inf", "WITHSCORES")
    for n = 1, #loads, 2 do
      local count = redis.call("ZLEXCOUNT", KEYS[5], "[" .. loads[n] .. " ", "(" .. loads[n] .. "!")
      if tonumber(loads[n + 1]) ~= count then wrong[#wrong + 1] = "load of " .. loads[n] end
    end
    return wrong`,
  sha1: "0".repeat(40),
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
export async function emptySharedStore(url: string, shards = 1): Promise<DirectoryUnderTest> {
  const prefix = `test-${randomUUID()}`;
  const store = await openReadyStore(url, { prefix, shards });
  const tags = ["all", ...Array.from({ length: shards > 1 ? shards : 0 }, (_, n) => `${n + 1}`)];
  const everywhere = (script: Script, args: readonly string[]): Promise<unknown[]> =>
    Promise.all(tags.map((tag) => store.link.run(script, args, new Keys(prefix, 0, tag))));
  // Who holds a name first decides the format.
  await store.nodeName("first", undefined).hold();
  onTestFinished(async () => {
    expect((await everywhere(WRONG_INDEXES, [])).flat()).toEqual([]);
  });
  return {
    directory: (nodeId) => checkedDirectory(store, nodeId),
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    loseRoom: async (roomId) => void (await everywhere(LOSE_ROOM, [roomId])),
  };
}

/** A node's access that looks for lost keys after it has registered, as a node does. */
export function checkedDirectory(store: RedisStore, nodeId: string): ReturnType<RedisStore["directory"]> {
  const directory = store.directory(nodeId);
  const check = store.check(directory);
  const register = directory.register.bind(directory);
  directory.register = async (url: string | undefined) => {
    const begun = await register(url);
    await check.run();
    return begun;
  };
  return directory;
}
