/**
 * An application that the test copies into a folder with other versions of Fastify and mediasoup: two people, a transport each, and one
 * of them vanishes. It prints what happened as JSON. Arguments: `fastify` or `node`; `with media` or `without media`.
 */
import { createServer } from "node:http";
import { once } from "node:events";
import Fastify from "fastify";
import { attachLastseen } from "lastseen/node";
import { lastseen as plugin } from "lastseen/fastify";
import * as mediasoup from "mediasoup";
import WebSocket from "ws";

const OPTIONS = { prefix: "/presence", environment: "test", settings: { RELOAD_GRACE_MS: 200, RESUME_GRACE_MS: 200 } };
/** Longer than what Fastify takes by itself. */
const LONG_ID = "r".repeat(120);

const isNode = process.argv[2] === "node";
const hasMedia = process.argv[3] === "with media";
const { lastseen, port, close } = isNode ? await inNode() : await inFastify();
const worker = hasMedia ? await mediasoup.createWorker({ logLevel: "warn" }) : undefined;
const router = await worker?.createRouter({
  mediaCodecs: [{ kind: "audio", mimeType: "audio/opus", clockRate: 48_000, channels: 2 }],
});

const [ann, ben] = [await enter("ann"), await enter("ben")];
const made = router ? [await transportOf(ann), await transportOf(ben)] : [];
const cleaned = new Promise((resolve) => lastseen.on("cleaned", ({ result }) => resolve(result)));
const left = ben.event("user_left");
ann.socket.terminate();
const { reason } = await left;
const result = await cleaned;
const transportIds = (await router?.dump())?.transportIds ?? [];
const held = made.map(({ id }) => transportIds.includes(id));
const longId = isNode && (await fetch(`http://127.0.0.1:${port}/presence/api/rooms/${LONG_ID}`)).status;
const health = await (await fetch(`http://127.0.0.1:${port}/presence/api/health`)).json();
ben.socket.close();
await close();
worker?.close();
const versions = { fastify: Fastify().version, mediasoup: mediasoup.version };
process.stdout.write(JSON.stringify({ versions, reason, result, held, media: health.checks.media, longId }));

async function inFastify() {
  const app = Fastify({ logger: { level: "error" } });
  await app.register(plugin, OPTIONS);
  await app.listen({ port: 0, host: "127.0.0.1" });
  return { lastseen: app.lastseen, port: app.server.address().port, close: () => app.close() };
}

async function inNode() {
  const server = createServer((_request, response) => response.end("own"));
  const attached = await attachLastseen(server, { ...OPTIONS, logger: false });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const end = () => new Promise((resolve) => server.close(resolve));
  return { lastseen: attached, port: server.address().port, close: end };
}

async function enter(name) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/presence/ws`);
  const frames = [];
  const event = async (type) => {
    for (;;) {
      const found = frames.find((frame) => frame.type === type || frame.id === type);
      if (found) return found.data;
      await once(socket, "message");
    }
  };
  socket.on("message", (text) => frames.push(JSON.parse(text)));
  await once(socket, "open");
  const say = (id, data) => {
    socket.send(JSON.stringify({ id, type: id, data }));
    return event(id);
  };
  const { sessionId } = await say("hello", { user: { id: name }, tabId: name });
  await say("join", { roomId: "daily" });
  return { socket, sessionId, event };
}

function transportOf({ sessionId }) {
  return router.createWebRtcTransport({
    listenInfos: [{ protocol: "udp", ip: "127.0.0.1" }],
    appData: { sessionId },
  });
}
