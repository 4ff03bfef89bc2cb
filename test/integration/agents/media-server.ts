import * as mediasoup from "mediasoup";
import type { Router, Transport, WebRtcTransport, Worker } from "mediasoup/types";
import { onTestFinished } from "vitest";
import { watchMediasoup, type MediasoupWatch, type WatchOptions } from "@lastseen/agent";
import type { JsonObject } from "@lastseen/protocol";
import { makeRouter, makeTransport, startWorker } from "../plugin/application.js";
import { WebRtcPeer } from "../media/webrtc-peer.js";
import { AGENT_TOKEN } from "../../support/secrets.js";
import { startService, type LogLine, type TestService } from "../../support/service.js";
import { until } from "../../support/until.js";
import type { AgentView } from "@lastseen/protocol/http";

export const SETTINGS = { AGENT_TOKEN, RESUME_GRACE_MS: "200", RELOAD_GRACE_MS: "200" };

export const startServiceWithAgents = (env: Record<string, string> = {}): Promise<TestService> =>
  startService({ ...SETTINGS, ...env });

/** An agent in this process. It stops when the test has finished. */
export function startAgent(
  url: string,
  options: Partial<WatchOptions> = {},
): { watch: MediasoupWatch; log: LogLine[] } {
  const log: LogLine[] = [];
  const write =
    (level: number) =>
    (fields: object, msg: string): void =>
      void log.push({ ...fields, level, msg });
  const logger = { debug: write(20), info: write(30), warn: write(40), error: write(50) };
  const watch = watchMediasoup({ url, token: AGENT_TOKEN, mediasoup, logger, ...options });
  onTestFinished(() => watch.close());
  return { watch, log };
}

/** A worker with a router, seen by an agent that is connected to the service. */
export async function mediaServer(
  url: string,
  service: Pick<TestService, "http">,
  options: Partial<WatchOptions> = {},
) {
  const agent = startAgent(url, options);
  const worker: Worker = await startWorker();
  const router: Router = await makeRouter(worker);
  await until(async () =>
    (await agents(service)).some(({ state, media }) => state === "connected" && media?.workers === 1),
  );
  return { ...agent, worker, router };
}

/** What operators see of the agents. */
export async function agents({ http }: Pick<TestService, "http">): Promise<AgentView[]> {
  return ((await (await fetch(`${http}/api/agents`)).json()) as { agents: AgentView[] }).agents;
}

/** A session as operators see it. */
export async function sessionAt({ http }: Pick<TestService, "http">, sessionId: string) {
  return (await (await fetch(`${http}/api/sessions/${sessionId}`)).json()) as {
    state: string;
    media: { transports: number; producers: number; consumers: number };
    evidence: { media: string | null; mediaLostBy: string | null; mediaSilentAt: number | null };
  };
}

/** Makes a transport for a session, and waits until the service knows of it. */
export async function reportedTransport(
  service: Pick<TestService, "http">,
  router: Router,
  sessionId: string,
): Promise<WebRtcTransport> {
  const before = (await sessionAt(service, sessionId)).media.transports;
  const transport = await makeTransport(router, { sessionId });
  await until(async () => (await sessionAt(service, sessionId)).media.transports === before + 1);
  return transport;
}

/** Connects a peer to a transport that the media server makes. */
export async function connectPeer(router: Router, sessionId: string, iceConsentTimeout = 10) {
  const transport = await router.createWebRtcTransport({
    listenInfos: [{ protocol: "udp", ip: "127.0.0.1" }],
    iceConsentTimeout,
    appData: { sessionId },
  });
  const transports = new Map<string, Transport>([[transport.id, transport]]);
  const signalling = {
    createTransport: () => Promise.resolve(transport),
    connectTransport: (_id: string, dtlsParameters: JsonObject) =>
      transport.connect({ dtlsParameters: dtlsParameters as never }),
  };
  return { transport, peer: await WebRtcPeer.connect({ transports }, signalling, "send") };
}
