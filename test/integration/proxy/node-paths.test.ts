import { request } from "node:https";
import { describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import type { LastseenClient } from "../../../packages/client/src/client.js";
import type { SocketLike } from "../../../packages/client/src/environment.js";
import { Fleet } from "../../support/fleet.js";
import { freePort } from "../../support/free-port.js";
import { sdkClient } from "../../support/node-browser.js";
import { noRedisReason } from "../../support/redis-server.js";
import { ADMIN_TOKEN } from "../../support/secrets.js";
import { until } from "../../support/until.js";
import { NODES, PROXIES, type Proxy } from "./proxies.js";

/** docs/many-nodes.md: all nodes behind one address, each with a path of its own, as `config/nginx` and `config/haproxy` have it. */

const CLIENTS = 60;
const IN_A_ROOM = 3;

/** A client with an address of its own, as the proxy sees it. */
function clientOf({ url, ca }: Proxy, userId: string, n: number): LastseenClient {
  const localAddress = `127.0.1.${n + 1}`;
  const openSocket = (address: string, protocol: string): SocketLike => {
    const socket = new WebSocket(address, protocol, { ca, localAddress });
    // A `close` event follows.
    socket.on("error", () => {});
    return socket as unknown as SocketLike;
  };
  return sdkClient({ url, user: { id: userId }, environment: { openSocket } });
}

/** So many clients join rooms of three, all at the same time. */
async function enter(proxy: Proxy, name: string): Promise<LastseenClient[]> {
  const clients = Array.from({ length: CLIENTS }, (_, n) => clientOf(proxy, `${name}-${n}`, n));
  await Promise.all(clients.map((client, n) => client.join(`${name}-room-${n % (CLIENTS / IN_A_ROOM)}`)));
  return clients;
}

/** So many clients join rooms of three, one room after another: a new room belongs on the node with the fewest sessions, so each node gets some. */
async function enterOneByOne(proxy: Proxy, name: string): Promise<LastseenClient[]> {
  const clients: LastseenClient[] = [];
  for (let room = 0; room < CLIENTS / IN_A_ROOM; room++) {
    const own = Array.from({ length: IN_A_ROOM }, (_, n) => {
      const number = room * IN_A_ROOM + n;
      return clientOf(proxy, `${name}-${number}`, number);
    });
    await Promise.all(own.map((client) => client.join(`${name}-room-${room}`)));
    clients.push(...own);
  }
  return clients;
}

const nodesOf = (clients: readonly LastseenClient[]): string[] =>
  [...new Set(clients.map(({ session }) => session?.nodeId ?? "none"))].toSorted();

const complete = ({ state, room }: LastseenClient): boolean =>
  state === "connected" && room?.participants.length === IN_A_ROOM;

function drain({ url, ca }: Proxy, nodeId: string): Promise<number | undefined> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/n/${nodeId}/api/drain`, { method: "POST", headers, ca }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    asked.once("error", reject).end();
  });
}

describe.each(PROXIES)("three nodes behind %s, each with a path of its own", (_, { missing, start }) => {
  test.skipIf(missing ?? noRedisReason)("all clients arrive, also after a node is drained and stopped", async () => {
    const port = await freePort();
    const fleet = await Fleet.start(NODES.length, (nodeId) => ({
      PUBLIC_URL: `https://127.0.0.1:${port}/n/${nodeId}`,
      SERVICE_URL: `https://127.0.0.1:${port}`,
      ADMIN_TOKEN,
      TRUSTED_PROXIES: "127.0.0.1",
      // If all clients had the address of the proxy, most of them would be turned away.
      MAX_CONNECTIONS_PER_ADDRESS: "10",
      DRAIN_TIMEOUT_MS: "2000",
    }));
    const nodePorts = fleet.nodes.map((node) => node.port);
    const proxy = await start(port, nodePorts);

    const first = await enterOneByOne(proxy, "first");
    await until(() => first.every(complete));
    expect(nodesOf(first)).toEqual(NODES);
    const left: string[] = [];
    for (const client of first) client.on("user_left", ({ userId }) => left.push(userId));
    const sessionIds = first.map(({ session }) => session?.sessionId);

    expect(await drain(proxy, "node-1")).toBe(200);
    await until(() => nodesOf(first).join() === "node-2,node-3" && first.every(complete));
    expect(first.map(({ session }) => session?.sessionId)).toEqual(sessionIds);
    const second = await enter(proxy, "second");
    await until(() => second.every(complete));
    expect(nodesOf(second)).toEqual(["node-2", "node-3"]);

    const [drained] = fleet.nodes;
    drained?.signal("SIGTERM");
    expect(await drained?.ended()).toBe(0);
    const third = await enter(proxy, "third");
    await until(() => [...first, ...second, ...third].every(complete));
    expect(nodesOf(third)).toEqual(["node-2", "node-3"]);
    expect(left).toEqual([]);
    expect(fleet.nodes.flatMap(({ log }) => log.filter(({ msg }) => msg === "turned away"))).toEqual([]);
  });
});
