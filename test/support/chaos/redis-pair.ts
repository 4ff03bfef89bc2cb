import { DEFAULT_PREFIX, Keys } from "../../../src/redis/keys.js";
import { RedisServer } from "../redis-server.js";
import { until } from "../until.js";
import type { ChaosStore } from "./chaos-store.js";

const NAME = "lastseen-chaos";
const keys = new Keys(DEFAULT_PREFIX);

/** A Redis, its replica and a sentinel. The two change their places with each failover. */
export class RedisPair implements ChaosStore {
  readonly settings = {};
  readonly memberPorts = [];
  #master: RedisServer;
  #replica: RedisServer;
  readonly #sentinel: RedisServer;

  private constructor(master: RedisServer, replica: RedisServer, sentinel: RedisServer) {
    this.#master = master;
    this.#replica = replica;
    this.#sentinel = sentinel;
  }

  static async start(): Promise<RedisPair> {
    const master = await RedisServer.start();
    const replica = await startReplica(master.port);
    const sentinel = await RedisServer.start({
      sentinel: true,
      config: [
        `sentinel monitor ${NAME} 127.0.0.1 ${master.port} 1`,
        `sentinel down-after-milliseconds ${NAME} 1000`,
        `sentinel failover-timeout ${NAME} 3000`,
      ],
    });
    const pair = new RedisPair(master, replica, sentinel);
    await pair.isWhole();
    return pair;
  }

  get masterPort(): number {
    return this.#master.port;
  }

  masterPorts(): Promise<readonly number[]> {
    return Promise.resolve([this.masterPort]);
  }

  /** For nodes that ask the sentinel themselves. */
  get url(): string {
    return `redis+sentinel://127.0.0.1:${this.#sentinel.port}/${NAME}`;
  }

  /** Resolves when the replica has all data and the sentinel knows it, so that a failover can begin. */
  async isWhole(): Promise<void> {
    // The sentinel ends the connections of a server that it makes a replica.
    const replication = () => this.#replica.cli("info", "replication").catch(() => "");
    await until(async () => (await replication()).includes("master_link_status:up"));
    await until(async () => {
      const text = await this.#sentinel.cli("sentinel", "replicas", NAME);
      return text.includes(`127.0.0.1:${this.#replica.port}`) && /\nflags\nslave\n/.test(text);
    });
  }

  /** The sentinel makes the replica the master. The old master goes on as its replica. */
  async failOver(): Promise<void> {
    const successor = this.#replica;
    // The sentinel refuses for a while after its last failover.
    await until(async () => (await this.#sentinel.cli("sentinel", "failover", NAME)).startsWith("OK"));
    await this.#isMaster(successor);
    [this.#master, this.#replica] = [successor, this.#master];
  }

  /** The master dies, and its last writes with it. It comes back empty, as the replica of the other. */
  async killMaster(): Promise<void> {
    const [dead, successor] = [this.#master, this.#replica];
    await dead.stop();
    await this.#isMaster(successor);
    this.#master = successor;
    this.#replica = await startReplica(successor.port, dead.port);
  }

  async loseAllData(): Promise<void> {
    await this.#master.cli("flushall");
  }

  async count(name: "sessions" | "rooms" | "leases"): Promise<number> {
    return Number(await this.#master.cli("hlen", keys.key(name)));
  }

  async stop(): Promise<void> {
    await Promise.all([this.#sentinel, this.#master, this.#replica].map((server) => server.stop()));
  }

  async #isMaster({ port }: RedisServer): Promise<void> {
    await until(async () => {
      const [, told] = (await this.#sentinel.cli("sentinel", "get-master-addr-by-name", NAME)).split("\n");
      return told === String(port);
    });
  }
}

function startReplica(of: number, port?: number): Promise<RedisServer> {
  return RedisServer.start({
    ...(port === undefined ? {} : { port }),
    config: [`replicaof 127.0.0.1 ${of}`, "repl-diskless-sync-delay 0"],
  });
}
