import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { askAddress } from "../../../src/http/ask-address.js";
import { freePort } from "../../support/free-port.js";
import { noRedisReason, RedisServer } from "../../support/redis-server.js";
import { startService } from "../../support/service.js";
import { ServiceProcess } from "../../support/service-process.js";
import { until } from "../../support/until.js";

const TIMEOUT = { timeout: 240_000 };
const never = new AbortController().signal;

async function startNode(redis: RedisServer, nodeId: string, urlOf: (port: number) => string): Promise<ServiceProcess> {
  const port = await freePort();
  return ServiceProcess.start({
    PORT: String(port),
    NODE_ID: nodeId,
    PUBLIC_URL: urlOf(port),
    REDIS_URL: redis.url,
  });
}

const warningsOf = async (node: ServiceProcess): Promise<string> => {
  const { warnings } = (await (await fetch(`${node.http}/api/health`)).json()) as { warnings: string[] };
  return warnings.join();
};
const metricOf = async (node: ServiceProcess, kind: string): Promise<string | undefined> => {
  const text = await (await fetch(`${node.http}/metrics`)).text();
  return new RegExp(`^lastseen_nodes_wrong_address\\{kind="${kind}"\\} (\\d+)$`, "m").exec(text)?.[1];
};
const isTold = (node: ServiceProcess, fields: object) => async (): Promise<boolean> =>
  node.log.some((line) => {
    const { msg, nodeId, problem } = line as { msg: string; nodeId?: string; problem?: string };
    const expected = { msg: "a node's PUBLIC_URL does not lead to it", ...fields };
    return JSON.stringify({ msg, nodeId, problem }) === JSON.stringify(expected);
  });

describe.skipIf(noRedisReason)("nodes notice a wrong PUBLIC_URL of another node", () => {
  test("an address that nobody can reach, and one that leads to another node", TIMEOUT, async () => {
    const redis = await RedisServer.start();
    onTestFinished(() => redis.stop());
    const own = (port: number): string => `http://127.0.0.1:${port}`;
    const good = await startNode(redis, "good", own);
    const fine = await startNode(redis, "fine", (port) => `${own(port)}/`);
    await startNode(redis, "far", () => "http://127.0.0.1:1");
    await startNode(redis, "astray", () => fine.http);

    await until(isTold(good, { nodeId: "far", problem: "unreachable" }), 60_000);
    await until(isTold(good, { nodeId: "astray", problem: "other_node" }), 60_000);
    await until(isTold(fine, { nodeId: "astray", problem: "shared" }), 60_000);
    const warnings = await warningsOf(good);
    expect(warnings).toContain("Node far has the PUBLIC_URL http://127.0.0.1:1, but this node can't reach it there");
    expect(warnings).toContain(`Node astray has the PUBLIC_URL ${fine.http}, but node fine answers there.`);
    expect(warnings).not.toMatch(/Node (good|fine) /);
    expect([await metricOf(good, "unreachable"), await metricOf(good, "other_node")]).toEqual(["1", "1"]);
  });

  test("two nodes that give the same address", TIMEOUT, async () => {
    const redis = await RedisServer.start();
    onTestFinished(() => redis.stop());
    const [one, two] = await Promise.all(["one", "two"].map((id) => startNode(redis, id, () => "http://all.example")));
    if (!one || !two) throw new Error("two nodes were started");
    await until(isTold(one, { nodeId: "two", problem: "shared" }), 60_000);
    await until(isTold(two, { nodeId: "one", problem: "shared" }), 60_000);
    expect(await warningsOf(one)).toContain("this node (one) has the same address");
    expect(await metricOf(two, "shared")).toBe("1");
  });
});

describe("the question to an address", () => {
  async function answering(status: number, body: string): Promise<string> {
    const server = createServer((_request, response) => response.writeHead(status, { location: "/" }).end(body));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  test.each(["", "/", "/ws", "/?x=1"])("finds the node behind an address that ends with %j", async (end) => {
    const { http } = await startService({ NODE_ID: "node-7" });
    expect(await askAddress(`${http}${end}`, never)).toEqual({ kind: "node", nodeId: "node-7" });
  });

  test.each([
    [200, "<html>", "another service answers"],
    [200, "x".repeat(1_000_000), "another service answers"],
    [301, "", "status 301"],
    [502, "", "status 502"],
  ])("does not take status %i with another body for a node", async (status, body, why) => {
    expect(await askAddress(await answering(status, body), never)).toEqual({ kind: "silent", why });
  });

  test("ends after two seconds, and says when nobody is there", async () => {
    const server = createServer(() => undefined);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => server.closeAllConnections());
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const why = "no answer within 2000 ms";
    expect(await askAddress(`http://127.0.0.1:${port}`, never)).toEqual({ kind: "silent", why });
    expect(await askAddress("http://127.0.0.1:1", never)).toMatchObject({
      kind: "silent",
      why: expect.any(String) as string,
    });
  });
});
