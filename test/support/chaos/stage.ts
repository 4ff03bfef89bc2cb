import { onTestFinished } from "vitest";
import { Receiver } from "../../integration/webhook/receiver.js";
import { BackendTable } from "../backend-table.js";
import { Balancer } from "../balancer.js";
import { freePort } from "../free-port.js";
import { ServiceProcess } from "../service-process.js";
import { TcpProxy } from "../tcp-proxy.js";
import type { ChaosStore } from "./chaos-store.js";
import { RedisPair } from "./redis-pair.js";
import { RedisShards } from "./redis-shards.js";
import { Ways } from "./ways.js";

/** How long a session waits for its client. Shorter than the default, so that a run sees many ends. */
export const GRACE_MS = 8_000;

const SETTINGS = {
  RESUME_GRACE_MS: String(GRACE_MS),
  RELOAD_GRACE_MS: "1000",
  HEARTBEAT_INTERVAL_MS: "2000",
  AWAY_AFTER_MS: "5000",
  SWEEP_INTERVAL_MS: "2000",
  DRAIN_TIMEOUT_MS: "3000",
  CALL_RING_TIMEOUT_MS: "5000",
};

/** One node: its process, which can be another one after a restart, and its way to Redis. */
export class ChaosNode {
  readonly id: string;
  readonly port: number;
  /** A node without one asks the sentinel where Redis is. */
  readonly way: TcpProxy | undefined;
  /** Its ways to the members of a cluster. */
  readonly ways: Ways | undefined;
  process: ServiceProcess;
  readonly #env: Record<string, string>;

  private constructor(
    id: string,
    port: number,
    parts: { way: TcpProxy | undefined; ways: Ways | undefined; env: Record<string, string>; process: ServiceProcess },
  ) {
    this.id = id;
    this.port = port;
    this.way = parts.way;
    this.ways = parts.ways;
    this.#env = parts.env;
    this.process = parts.process;
  }

  static async start(
    id: string,
    { way, ways }: { way: TcpProxy | undefined; ways: Ways | undefined },
    settings: Record<string, string>,
  ): Promise<ChaosNode> {
    const port = await freePort();
    const own = { ...SETTINGS, ...settings, ...ways?.settings };
    const env = { ...own, NODE_ID: id, PORT: String(port), PUBLIC_URL: `http://127.0.0.1:${port}` };
    return new ChaosNode(id, port, { way, ways, env, process: await ServiceProcess.start(env) });
  }

  /** Starts the process again, with the same name and address. */
  async restart(): Promise<void> {
    this.process = await ServiceProcess.start(this.#env);
  }
}

/** Four nodes of the built service, their Redis, one address for all, and a backend. */
export class Stage {
  readonly redis: ChaosStore;
  readonly nodes: readonly ChaosNode[];
  readonly table: BackendTable;
  readonly url: string;

  private constructor(parts: { redis: ChaosStore; nodes: readonly ChaosNode[]; table: BackendTable; url: string }) {
    this.redis = parts.redis;
    this.nodes = parts.nodes;
    this.table = parts.table;
    this.url = parts.url;
  }

  /** @param store one Redis with a replica and a sentinel, or a cluster over which rooms and sessions are divided */
  static async set(store: "pair" | "shards"): Promise<Stage> {
    const redis: ChaosStore = await (store === "pair" ? RedisPair.start() : RedisShards.start());
    onTestFinished(() => redis.stop());
    const receiver = await Receiver.start();
    const table = new BackendTable();
    receiver.answer = ({ events }) => {
      for (const event of events) table.take(event);
      return 204;
    };
    const { masterPort, memberPorts } = redis;
    const ways = masterPort === undefined ? [] : await Promise.all([1, 2, 3].map(() => TcpProxy.start(masterPort)));
    onTestFinished(async () => void (await Promise.all(ways.map((way) => way.close()))));
    const nodes = await Promise.all(
      [0, 1, 2, 3].map(async (index) => {
        const way = ways[index];
        const toMembers = memberPorts.length > 0 ? await Ways.to(memberPorts) : undefined;
        onTestFinished(() => toMembers?.close());
        const url = way ? `redis://127.0.0.1:${way.port}` : redis.url;
        const env = { ...receiver.settings, ...redis.settings, REDIS_URL: url };
        return ChaosNode.start(`node-${index + 1}`, { way, ways: toMembers }, env);
      }),
    );
    const balancer = await Balancer.start(nodes.map(({ port }) => port));
    return new Stage({ redis, nodes, table, url: balancer.http });
  }

  /** The proxies follow the master, as a load balancer in front of Redis does. */
  followMaster(): void {
    const { masterPort } = this.redis;
    if (masterPort !== undefined) for (const { way } of this.nodes) way?.leadTo(masterPort);
  }
}
