import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { buildApp, type App } from "../../src/composition/app.js";
import { loadConfig } from "../../src/config/load.js";
import { createLogger } from "../../src/observability/logger.js";
import { TestClient } from "./test-client.js";

const CONFIG_DIRECTORY = fileURLToPath(new URL("../../config", import.meta.url));

export type LogLine = { level: number; msg: string; [field: string]: unknown };

/** The whole service in this process on a free port. It keeps its log. */
export interface TestService {
  app: App;
  port: number;
  http: string;
  ws: string;
  log: LogLine[];
  connect(): Promise<TestClient>;
  /** A client that has said hello. */
  hello(userId: string, extra?: object): Promise<TestClient & { hello: HelloReply }>;
  /** A client that has said hello and joined. */
  join(userId: string, roomId: string): Promise<TestClient & { hello: HelloReply }>;
  get(path: string, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

type HelloReply = Awaited<ReturnType<typeof sayHello>>;

async function sayHello(client: TestClient, userId: string, extra: object) {
  return client.request("hello", {
    user: { id: userId, name: userId.toUpperCase() },
    tabId: `tab-${userId}`,
    ...extra,
  });
}

/**
 * Starts the service and stops it when the test is finished. Media is off unless `SFU_WORKERS` says otherwise.
 *
 * @param env settings by their environment names, over those of the test environment
 */
export async function startService(env: Record<string, string> = {}): Promise<TestService> {
  const log: LogLine[] = [];
  const config = loadConfig(
    { LASTSEEN_ENV: "test", PORT: "0", SFU_WORKERS: "0", SFU_PORT: "0", LOG_LEVEL: "debug", ...env },
    CONFIG_DIRECTORY,
  );
  const logger = createLogger(
    { level: config.LOG_LEVEL, pretty: false, nodeId: config.NODE_ID },
    { write: (line) => log.push(JSON.parse(line) as LogLine) },
  );
  const app = await buildApp(config, logger);
  const port = await app.listen();
  const http = `http://127.0.0.1:${port}`;
  const ws = `ws://127.0.0.1:${port}/ws`;
  const clients = new Set<TestClient>();
  const service: TestService = {
    app,
    port,
    http,
    ws,
    log,
    async connect() {
      const client = await TestClient.open(ws);
      clients.add(client);
      client.socket.once("close", () => clients.delete(client));
      return client;
    },
    async hello(userId, extra = {}) {
      const client = await service.connect();
      const hello = await sayHello(client, userId, extra);
      return Object.assign(client, { hello });
    },
    async join(userId, roomId) {
      const client = await service.hello(userId);
      await client.request("join", { roomId });
      return client;
    },
    get: (path, init) => fetch(`${http}${path}`, init),
    async close() {
      for (const client of clients) client.reset();
      await app.close();
    },
  };
  onTestFinished(() => service.close());
  return service;
}
