import { RedisServer } from "./redis-server.js";
import { until } from "./until.js";

const MASTER_NAME = "lastseen-test";

/** A master, a replica and three sentinels. They make the replica the master when the master is gone for a second. */
export class RedisSentinel {
  readonly master: RedisServer;
  readonly replica: RedisServer;
  readonly sentinels: readonly RedisServer[];

  private constructor(master: RedisServer, replica: RedisServer, sentinels: readonly RedisServer[]) {
    this.master = master;
    this.replica = replica;
    this.sentinels = sentinels;
  }

  static async start(): Promise<RedisSentinel> {
    const started: RedisServer[] = [];
    const start = async (...args: Parameters<typeof RedisServer.start>) => {
      const server = await RedisServer.start(...args);
      started.push(server);
      return server;
    };
    try {
      const master = await start({ config: ["user replica on >replica ~* &* +@all", "repl-diskless-sync-delay 0"] });
      const replica = await start({
        config: [`replicaof 127.0.0.1 ${master.port}`, "masteruser replica", "masterauth replica"],
      });
      const config = [
        `sentinel monitor ${MASTER_NAME} 127.0.0.1 ${master.port} 2`,
        `sentinel down-after-milliseconds ${MASTER_NAME} 1000`,
        `sentinel failover-timeout ${MASTER_NAME} 3000`,
      ];
      const sentinels: RedisServer[] = [];
      for (let n = 0; n < 3; n += 1) sentinels.push(await start({ sentinel: true, config }));
      await until(() => replica.cli("info", "replication").then((info) => info.includes("master_link_status:up")));
      await until(async () => {
        const seen = await Promise.all(sentinels.map((sentinel) => sentinel.cli("sentinel", "master", MASTER_NAME)));
        return seen.every((text) => /num-slaves\n1\n/.test(text) && /num-other-sentinels\n2\n/.test(text));
      }, 30_000);
      return new RedisSentinel(master, replica, sentinels);
    } catch (error) {
      await Promise.all(started.map((server) => server.stop()));
      throw error;
    }
  }

  get url(): string {
    const hosts = this.sentinels.map(({ port }) => `127.0.0.1:${port}`).join(",");
    return `redis+sentinel://${hosts}/${MASTER_NAME}`;
  }

  /** Stops the replication. Later writes are lost when the master dies. */
  async cutReplication(): Promise<void> {
    await this.master.cli("acl", "deluser", "replica");
    await until(() => this.replica.cli("info", "replication").then((info) => info.includes("master_link_status:down")));
  }

  async stop(): Promise<void> {
    await Promise.all([this.master, this.replica, ...this.sentinels].map((server) => server.stop()));
  }
}
