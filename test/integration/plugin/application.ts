import { request as httpRequest } from "node:http";
import Fastify, { type FastifyInstance } from "fastify";
import { createWorker } from "mediasoup";
import type { Router, WebRtcTransport, Worker } from "mediasoup/types";
import { onTestFinished } from "vitest";
import { findWorkerBinary } from "../../../src/media/workers/worker-binary.js";
import { lastseen, type LastseenOptions } from "../../../src/plugin/index.js";
import { TestClient } from "../../support/test-client.js";

const WEBRTC = { listenInfos: [{ protocol: "udp" as const, ip: "127.0.0.1" }], iceConsentTimeout: 10 };
const OPUS = { kind: "audio" as const, mimeType: "audio/opus", clockRate: 48_000, channels: 2 };
export const SETTINGS = { RESUME_GRACE_MS: 200, RELOAD_GRACE_MS: 200 };

/** A media worker of the application. Only the test ends it. */
export async function startWorker(): Promise<Worker> {
  const workerBin = findWorkerBinary()?.path;
  const worker = await createWorker({ ...(workerBin === undefined ? {} : { workerBin }), logLevel: "warn" });
  onTestFinished(() => worker.close());
  return worker;
}

export const makeRouter = (worker: Worker): Promise<Router> => worker.createRouter({ mediaCodecs: [OPUS] });

export const makeTransport = (router: Router, appData = {}): Promise<WebRtcTransport> =>
  router.createWebRtcTransport({ ...WEBRTC, appData });

export type LogLine = { level: number; msg: string; [field: string]: unknown };

/** An application that uses the plugin: its own server and log, and its own plugins if the test adds some. */
export interface Application {
  app: FastifyInstance;
  log: LogLine[];
  listen: () => Promise<{ http: string; port: number; connect: (path?: string) => Promise<TestClient> }>;
}

export function application(): Application {
  const log: LogLine[] = [];
  const app: FastifyInstance = Fastify({
    logger: { level: "debug", stream: { write: (line: string) => void log.push(JSON.parse(line) as LogLine) } },
    forceCloseConnections: true,
  });
  onTestFinished(() => app.close());
  return {
    app,
    log,
    async listen() {
      const http = await app.listen({ port: 0, host: "127.0.0.1" });
      const port = Number(new URL(http).port);
      return { http, port, connect: (path = "/ws") => TestClient.open(`ws://127.0.0.1:${port}${path}`) };
    },
  };
}

/** Registers the plugin for tests: it trusts every user, and its graces are short. */
export async function registerLastseen(app: FastifyInstance, options: LastseenOptions = {}): Promise<void> {
  await app.register(lastseen, { environment: "test", ...options, settings: { ...SETTINGS, ...options.settings } });
}

/** Says hello and joins. */
export async function enter(client: TestClient, userId: string, roomId: string): Promise<string> {
  const { sessionId } = await client.request("hello", { user: { id: userId }, tabId: `tab-${userId}` });
  await client.request("join", { roomId });
  return sessionId;
}

/** The ids of all objects in the worker, from the worker itself. */
export async function heldBy(worker: Worker): Promise<ReadonlySet<string>> {
  const dump = await worker.dump();
  return new Set(dump.channelMessageHandlers.channelRequestHandlers);
}

/** Sends a handshake that the server answers with an ordinary HTTP response. */
export function refusedHandshake(port: number, path: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const upgrade = {
      connection: "upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": Buffer.alloc(16).toString("base64"),
    };
    const request = httpRequest({ port, host: "127.0.0.1", path, headers: { ...upgrade, ...headers } });
    request.once("response", (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.once("upgrade", (_response, socket) => {
      socket.destroy();
      resolve(101);
    });
    request.once("error", reject);
    request.end();
  });
}
