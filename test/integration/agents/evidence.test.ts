import { createSocket } from "node:dgram";
import type { Router } from "mediasoup/types";
import { describe, expect, onTestFinished, test } from "vitest";
import { needsMedia, noMediaReason } from "../../support/media-worker.js";
import { TcpProxy } from "../../support/tcp-proxy.js";
import { until } from "../../support/until.js";
import { missingForPeers } from "../media/webrtc-peer.js";
import { agents, connectPeer, mediaServer, sessionAt, startServiceWithAgents } from "./media-server.js";

const PAYLOAD_TYPE = 101;
const SSRC = 4_242;

/** Someone who sends audio for a session by RTP, without ICE. @returns stops it */
async function sendAudio(router: Router, sessionId: string): Promise<() => void> {
  const transport = await router.createPlainTransport({
    listenInfo: { protocol: "udp", ip: "127.0.0.1" },
    comedia: true,
    rtcpMux: true,
    appData: { sessionId },
  });
  const codecs = [{ mimeType: "audio/opus", payloadType: PAYLOAD_TYPE, clockRate: 48_000, channels: 2 }];
  await transport.produce({ kind: "audio", rtpParameters: { codecs, encodings: [{ ssrc: SSRC }] } });
  const socket = createSocket("udp4");
  let sequence = 0;
  const timer = setInterval(() => {
    const packet = Buffer.alloc(60);
    packet.writeUInt8(0x80, 0);
    packet.writeUInt8(PAYLOAD_TYPE, 1);
    packet.writeUInt16BE(sequence++ & 0xffff, 2);
    packet.writeUInt32BE(sequence * 960, 4);
    packet.writeUInt32BE(SSRC, 8);
    socket.send(packet, transport.tuple.localPort, "127.0.0.1");
  }, 20);
  onTestFinished(() => {
    clearInterval(timer);
    socket.close();
  });
  return () => clearInterval(timer);
}

describe.skipIf(noMediaReason)(needsMedia("What an agent reports"), () => {
  test("is silence when nothing comes from a client that sends, and the service probes its page", async () => {
    const service = await startServiceWithAgents({ MEDIA_SILENCE_MS: "500" });
    const { router } = await mediaServer(service.http, service);
    const [ann] = [await service.join("ann", "daily"), await service.join("ben", "daily")];
    const { sessionId } = ann.hello;
    const stop = await sendAudio(router, sessionId);
    await until(async () => (await sessionAt(service, sessionId)).media.producers === 1);
    stop();
    await until(async () => (await sessionAt(service, sessionId)).evidence.mediaSilentAt !== null);
    await ann.frame(({ type }) => type === "probe", "the probe");
  });

  test.skipIf(missingForPeers)("is a connected client, and a lost one whose page is probed", async () => {
    const service = await startServiceWithAgents();
    const { router } = await mediaServer(service.http, service);
    const ann = await service.join("ann", "daily");
    const { sessionId } = ann.hello;
    const { peer } = await connectPeer(router, sessionId, 1);
    await until(async () => (await sessionAt(service, sessionId)).evidence.media === "connected");
    peer.vanish();
    await ann.frame(({ type }) => type === "probe", "the probe");
    expect((await sessionAt(service, sessionId)).evidence).toMatchObject({ media: "lost", mediaLostBy: "ice" });
  });

  test.skipIf(missingForPeers)(
    "is unknown while the agent is cut off, costs nobody, and comes back with it",
    async () => {
      const service = await startServiceWithAgents();
      const proxy = await TcpProxy.start(service.port);
      onTestFinished(() => proxy.close());
      const { router } = await mediaServer(`http://127.0.0.1:${proxy.port}`, service);
      const [ann, ben] = [await service.join("ann", "daily"), await service.join("ben", "daily")];
      const { sessionId } = ann.hello;
      await connectPeer(router, sessionId);
      await until(async () => (await sessionAt(service, sessionId)).evidence.media === "connected");

      proxy.silence();
      await until(async () => (await agents(service))[0]?.state === "away");
      expect((await sessionAt(service, sessionId)).evidence).toMatchObject({ media: null, mediaLostBy: null });
      expect((await (await service.get("/api/health")).json()) as object).toMatchObject({
        status: "OK",
        checks: { media: "unseen" },
        warnings: [expect.stringContaining("Nobody hears the agent")],
      });
      const metrics = await (await service.get("/metrics")).text();
      expect(metrics).toContain('lastseen_agents{state="away"} 1\n');
      expect(metrics).toContain("lastseen_media_unseen 1\n");

      proxy.heal();
      await until(async () => (await sessionAt(service, sessionId)).evidence.media === "connected");
      expect((await (await service.get("/api/health")).json()) as object).toMatchObject({
        checks: { media: "ok" },
        warnings: [],
      });
      expect(await (await service.get("/metrics")).text()).toContain("lastseen_media_unseen 0\n");
      expect(ben.events("user_away")).toEqual([]);
      expect(ben.events("user_left")).toEqual([]);
    },
  );
});
