import { afterAll, beforeAll, describe } from "vitest";
import { directoryContract } from "../../contract/directory-contract.js";
import { RedisCluster } from "../../support/redis-cluster.js";
import { RedisSentinel } from "../../support/redis-sentinel.js";
import { noRedisReason, RedisServer, SERVERS } from "../../support/redis-server.js";
import { emptySharedStore } from "./stores.js";

interface Running {
  readonly url: string;
  stop(): Promise<void>;
}

function contractOn(name: string, start: () => Promise<Running>, missing = noRedisReason, shards = 1): void {
  describe.skipIf(missing)(name, () => {
    let running: Running;
    beforeAll(async () => {
      running = await start();
    });
    afterAll(() => running.stop());

    directoryContract(name, () => emptySharedStore(running.url, shards), shards > 1 ? "a part" : "all");
  });
}

for (const [name, program, missing] of SERVERS)
  contractOn(`one ${name}`, () => RedisServer.start({ program }), missing);
contractOn("a Redis cluster", () => RedisCluster.start());
contractOn("a Redis cluster, divided", () => RedisCluster.start(), noRedisReason, 5);
contractOn("Redis behind sentinels", () => RedisSentinel.start());
