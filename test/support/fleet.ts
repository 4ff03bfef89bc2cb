import { onTestFinished } from "vitest";
import { RedisServer } from "./redis-server.js";
import { Balancer } from "./balancer.js";
import { freePort } from "./free-port.js";
import { sdkClient } from "./node-browser.js";
import { ServiceProcess } from "./service-process.js";
import { until } from "./until.js";
import type { LastseenClient } from "../../packages/client/src/client.js";

/** Several processes of the service with one Redis, behind one address. All of them end with the test. */
export class Fleet {
  readonly redis: RedisServer;
  readonly nodes: readonly ServiceProcess[];
  readonly balancer: Balancer;

  private constructor(redis: RedisServer, nodes: readonly ServiceProcess[], balancer: Balancer) {
    this.redis = redis;
    this.nodes = nodes;
    this.balancer = balancer;
  }

  /** @param env settings of all nodes, or those of the node with this name and port */
  static async start(
    count: number,
    env: Record<string, string> | ((nodeId: string, port: number) => Record<string, string>) = {},
  ): Promise<Fleet> {
    const redis = await RedisServer.start();
    onTestFinished(() => redis.stop());
    const nodes = await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const [nodeId, port] = [`node-${index + 1}`, await freePort()];
        return ServiceProcess.start({
          PORT: String(port),
          NODE_ID: nodeId,
          PUBLIC_URL: `http://127.0.0.1:${port}`,
          REDIS_URL: redis.url,
          ...(typeof env === "function" ? env(nodeId, port) : env),
        });
      }),
    );
    const fleet = new Fleet(redis, nodes, await Balancer.start(nodes.map(({ port }) => port)));
    for (const node of nodes) await until(async () => (await fleet.metric(node, "lastseen_nodes_seen")) === count);
    return fleet;
  }

  /** A client of the SDK, at the common address or at the address of a node. */
  client(userId: string, url = this.balancer.http): LastseenClient {
    return sdkClient({ url, user: { id: userId } });
  }

  /** The node that holds the room, from any node that answers. */
  async homeOf(roomId: string, ask = this.nodes[0]): Promise<ServiceProcess | undefined> {
    const response = await fetch(`${ask?.http}/api/rooms/${roomId}`);
    if (!response.ok) return undefined;
    const { nodeId } = (await response.json()) as { nodeId: string };
    return this.nodes[Number(nodeId.slice("node-".length)) - 1];
  }

  async metric(node: ServiceProcess | undefined, name: string): Promise<number | undefined> {
    const text = await (await fetch(`${node?.http}/metrics`)).text();
    const line = text.split("\n").find((candidate) => candidate.startsWith(`${name} `));
    return line === undefined ? undefined : Number(line.slice(name.length + 1));
  }

  /** The steps in the timeline of one session. */
  async timeline(node: ServiceProcess, sessionId: string): Promise<string[]> {
    const response = await fetch(`${node.http}/api/sessions/${sessionId}/timeline`);
    if (!response.ok) return [];
    const { entries } = (await response.json()) as { entries: { step: string }[] };
    return entries.map(({ step }) => step);
  }
}
