import { DEFAULT_PREFIX, Keys } from "../../../src/redis/keys.js";
import { RedisCluster } from "../redis-cluster.js";
import { until } from "../until.js";
import type { ChaosStore } from "./chaos-store.js";

const SHARDS = 6;
/** Longer than the others wait until a replica of a silent master takes its place. */
const SILENT_MS = 4_000;
const TAGS = Array.from({ length: SHARDS }, (_, n) => `${n + 1}`);

/** Three masters with a replica each. Rooms and sessions are divided over them. */
export class RedisShards implements ChaosStore {
  readonly #cluster: RedisCluster;
  readonly settings = { REDIS_SHARDS: String(SHARDS) };
  readonly masterPort = undefined;
  #turn = 0;

  private constructor(cluster: RedisCluster) {
    this.#cluster = cluster;
  }

  static async start(): Promise<RedisShards> {
    const shards = new RedisShards(await RedisCluster.start(1));
    await shards.isWhole();
    return shards;
  }

  get url(): string {
    return this.#cluster.url;
  }

  get memberPorts(): readonly number[] {
    return this.#cluster.nodes.map(({ port }) => port);
  }

  async masterPorts(): Promise<readonly number[]> {
    return (await this.#cluster.masters()).map(({ port }) => port);
  }

  async isWhole(): Promise<void> {
    await until(async () => {
      const { nodes } = this.#cluster;
      const states = await Promise.all(nodes.map((node) => node.cli("cluster", "info")));
      const roles = await Promise.all(nodes.map((node) => node.cli("info", "replication")));
      const isLinked = (info: string): boolean =>
        info.includes("role:master") ? info.includes("connected_slaves:1") : info.includes("master_link_status:up");
      return states.every((state) => state.includes("cluster_state:ok")) && roles.every(isLinked);
    });
  }

  async failOver(): Promise<void> {
    const masters = await this.#cluster.masters();
    const replicas = this.#cluster.nodes.filter((node) => !masters.includes(node));
    const successor = replicas[this.#turn++ % replicas.length];
    await successor?.cli("cluster", "failover");
    await until(async () => (await this.#cluster.masters()).some((master) => master === successor));
  }

  /** The process stands still until its replica has taken its place. What it had not told the replica is lost. */
  async killMaster(): Promise<void> {
    const [first] = this.#cluster.nodes;
    // The first node is asked about the others.
    const masters = (await this.#cluster.masters()).filter((master) => master !== first);
    const master = masters[this.#turn++ % masters.length];
    master?.signal("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, SILENT_MS));
    master?.signal("SIGCONT");
  }

  async loseAllData(): Promise<void> {
    await Promise.all((await this.#cluster.masters()).map((master) => master.cli("flushall")));
  }

  async count(name: "sessions" | "rooms" | "leases"): Promise<number> {
    const [first] = this.#cluster.nodes;
    const tags = name === "leases" ? ["all"] : TAGS;
    const key = (tag: string): string => new Keys(DEFAULT_PREFIX, 0, tag).key(name);
    const counts = await Promise.all(tags.map(async (tag) => Number(await first?.cli("-c", "hlen", key(tag)))));
    return counts.reduce((sum, count) => sum + count, 0);
  }

  stop(): Promise<void> {
    return this.#cluster.stop();
  }
}
