/** The client in Node.js, without a page and without stubs. */
import { connect, type LastseenClient } from "@lastseen/client";
import { headlessEnvironment } from "@lastseen/client/headless";
import { expect, onTestFinished, test, vi } from "vitest";
import { WebSocket } from "ws";
import { freePort } from "../../support/free-port.js";
import { startService } from "../../support/service.js";
import { TcpProxy } from "../../support/tcp-proxy.js";
import { until } from "../../support/until.js";

/** @param process names the process; only clients of different processes may go on with the same session */
function start(url: string, storage?: Map<string, string>, process = "first"): LastseenClient {
  const kept = storage && {
    storage: {
      get: (key: string) => storage.get(key) ?? null,
      set: (key: string, value: string) => void storage.set(key, value),
    },
  };
  const environment = { ...headlessEnvironment({ WebSocket, ...kept }), pageId: process };
  const client = connect({ url, user: { id: "bot" }, log: false, environment });
  onTestFinished(() => client.disconnect());
  return client;
}

test("it joins, comes back after a broken connection, and says goodbye", async () => {
  const service = await startService();
  const network = await TcpProxy.start(service.port);
  onTestFinished(() => network.close());
  const client = start(`http://127.0.0.1:${network.port}`);
  const { room } = await client.join("daily");
  expect(room.participants.map(({ userId }) => userId)).toEqual(["bot"]);
  const { sessionId } = await client.whenConnected();
  const again = new Promise((resolve) => client.on("session", resolve));
  network.resetAll();
  expect(await again).toMatchObject({ sessionId, resumed: true });
  await client.disconnect();
  await until(() => service.app.registry.find(sessionId) === undefined);
});

test("the next process resumes the session from the storage that it is given", async () => {
  const service = await startService({ RELOAD_GRACE_MS: "20000" });
  const storage = new Map<string, string>();
  const first = start(service.http, storage);
  const { sessionId } = await first.whenConnected();
  const next = start(service.http, new Map(storage), "next");
  expect(await next.whenConnected()).toMatchObject({ sessionId, resumed: true });
});

test("without a service it tries again, and throws nothing", async () => {
  const client = start(`http://127.0.0.1:${await freePort()}`);
  const retry = await new Promise((resolve) => client.on("retry", resolve));
  expect(retry).toMatchObject({ kind: "unreachable" });
});

test("without any WebSocket it says what is missing", () => {
  vi.stubGlobal("WebSocket", undefined);
  onTestFinished(() => void vi.unstubAllGlobals());
  expect(() => headlessEnvironment()).toThrow("There is no WebSocket here. Give one");
});
