import { onTestFinished } from "vitest";
import { Fleet } from "../../support/fleet.js";
import type { ServiceProcess } from "../../support/service-process.js";
import { TcpProxy } from "../../support/tcp-proxy.js";
import { TestClient } from "../../support/test-client.js";
import { mediaServer, SETTINGS } from "./media-server.js";

/** Joins a room at this node, or at the node to which it sends. */
async function enter(http: string, userId: string): Promise<{ client: TestClient; sessionId: string; http: string }> {
  const client = await TestClient.open(`${http.replace("http", "ws")}/ws`);
  onTestFinished(() => client.reset());
  const { sessionId } = await client.request("hello", { user: { id: userId }, tabId: `tab-${userId}` });
  const answer = await client.ask("join", { roomId: "daily" });
  if (answer.ok) return { client, sessionId, http };
  client.reset();
  return enter(String(answer.error.data?.["url"]), userId);
}

/** Someone in a room at one node, and a media server whose agent is connected to the other one, until the test leads it elsewhere. */
export async function twoNodes() {
  const fleet = await Fleet.start(2, { ...SETTINGS, RESUME_GRACE_MS: "20000" });
  const { client, sessionId, http } = await enter(String(fleet.nodes[0]?.http), "ann");
  const far = fleet.nodes.find((node) => node.http === http) as ServiceProcess;
  const near = fleet.nodes.find((node) => node.http !== http) as ServiceProcess;
  const proxy = await TcpProxy.start(near.port);
  onTestFinished(() => proxy.close());
  const media = await mediaServer(`http://127.0.0.1:${proxy.port}`, near);
  return { client, sessionId, near, far, proxy, ...media };
}
