import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { serveAsHttp } from "../../../src/gateway/upgrades.js";
import { OpenRequests } from "../../../src/http/open-requests.js";
import { systemClock } from "../../../src/kernel/clock.js";
import { Refusals } from "../../../src/kernel/refusals.js";
import { until } from "../../support/until.js";

const UPGRADE = "GET /ws HTTP/1.1\r\nHost: test\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";

async function scene() {
  const server = createServer((_request, response) => void response.end());
  const refusals = new Refusals({ log: { warn: () => {} }, clock: systemClock });
  const open = new OpenRequests({ most: 10, mostOfAddress: 10, isProxy: () => false, refusals });
  open.follow(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
  onTestFinished(() => void client.destroy());
  return { server, open, client };
}

test("a socket that becomes a WebSocket is not counted any more, and keeps no listener", async () => {
  const { server, open, client } = await scene();
  const [accepted] = (await once(server, "connection")) as [Socket];
  expect(open.size).toBe(1);
  client.write(UPGRADE);
  const [, upgraded] = (await once(server, "upgrade")) as [unknown, Socket];
  expect(upgraded).toBe(accepted);
  expect(open.size).toBe(0);
  expect(upgraded.listeners("close")).toEqual([]);
  upgraded.destroy();
});

test("a socket whose upgrade is ignored is counted again until it ends", async () => {
  const { server, open, client } = await scene();
  server.on("upgrade", (request, socket, head) => serveAsHttp(server, request, socket, head));
  client.write(UPGRADE);
  await once(client, "data");
  expect(open.size).toBe(1);
  client.destroy();
  await until(() => open.size === 0);
});
