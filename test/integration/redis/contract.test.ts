import { afterAll, beforeAll, describe } from "vitest";
import { directoryContract } from "../../contract/directory-contract.js";
import { RedisCluster } from "../../support/redis-cluster.js";
import { RedisSentinel } from "../../support/redis-sentinel.js";
import { noRedisReason, RedisServer } from "../../support/redis-server.js";
import { emptySharedStore } from "./stores.js";

interface Running {
  readonly url: string;
  stop(): Promise<void>;
}

function contractOn(name: string, start: () => Promise<Running>): void {
  describe.skipIf(noRedisReason)(name, () => {
    let running: Running;
    beforeAll(async () => {
      running = await start();
    });
    afterAll(() => running.stop());

    directoryContract(name, () => emptySharedStore(running.url));
  });
}

contractOn("one Redis", () => RedisServer.start());
contractOn("a Redis cluster", () => RedisCluster.start());
contractOn("Redis behind sentinels", () => RedisSentinel.start());
