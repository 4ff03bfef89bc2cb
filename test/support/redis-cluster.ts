import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { freePort, isFree } from "./free-port.js";
import { RedisServer } from "./redis-server.js";
import { until } from "./until.js";

/** The nodes talk to each other on their port plus this. */
const BUS_OFFSET = 10_000;

/** Three masters that share the slots, and as many replicas as a test wants for each of them. */
export class RedisCluster {
  readonly nodes: readonly RedisServer[];

  private constructor(nodes: readonly RedisServer[]) {
    this.nodes = nodes;
  }

  static async start(replicas = 0): Promise<RedisCluster> {
    const nodes: RedisServer[] = [];
    const cluster = new RedisCluster(nodes);
    try {
      while (nodes.length < 3 * (1 + replicas)) {
        const port = await freePort();
        if (!(await isFree(port + BUS_OFFSET))) continue;
        nodes.push(await RedisServer.start({ port, config: ["cluster-enabled yes", "cluster-node-timeout 1000"] }));
      }
      const hosts = nodes.map(({ port }) => `127.0.0.1:${port}`);
      const create = ["--cluster", "create", ...hosts, "--cluster-replicas", String(replicas), "--cluster-yes"];
      await promisify(execFile)("redis-cli", create, { timeout: 40_000 });
      await until(async () => {
        const states = await Promise.all(nodes.map((node) => node.cli("cluster", "info")));
        return states.every((state) => state.includes("cluster_state:ok"));
      });
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get url(): string {
    return `redis+cluster://${this.nodes.map(({ port }) => `127.0.0.1:${port}`).join(",")}`;
  }

  /** The masters that hold slots now, as one of the nodes sees it. */
  async masters(): Promise<readonly RedisServer[]> {
    const [first] = this.nodes;
    const lines = ((await first?.cli("cluster", "nodes")) ?? "").split("\n").map((line) => line.split(" "));
    const isMaster = (flags = ""): boolean => /\bmaster\b/.test(flags) && !flags.includes("fail");
    const ports = lines
      .filter(([, , flags, , , , , , slots]) => isMaster(flags) && slots)
      .map(([, address]) => portOf(address));
    return this.nodes.filter(({ port }) => ports.includes(port));
  }

  /** The node that holds a key. */
  async holderOf(key: string): Promise<RedisServer> {
    const [first] = this.nodes;
    const slot = Number(await first?.cli("cluster", "keyslot", key));
    for (const node of this.nodes) {
      const [myself = ""] = (await node.cli("cluster", "nodes")).split("\n").filter((line) => line.includes("myself"));
      const [from = 0, to = -1] = (myself.split(" ")[8] ?? "").split("-").map(Number);
      if (slot >= from && slot <= to) return node;
    }
    throw new Error(`no node holds the slot ${slot}`);
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }
}

/** @param address as `CLUSTER NODES` has it: `host:port@busPort` */
function portOf(address = ""): number {
  return Number(/:(\d+)@/.exec(address)?.[1]);
}
