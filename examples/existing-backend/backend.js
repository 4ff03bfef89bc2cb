/**
 * A backend as many products have one: its own Fastify, its own mediasoup worker and router, its own signalling. It registers
 * Lastseen, and Lastseen closes the media that ghosts leave behind.
 */
import Fastify from "fastify";
import { createWorker } from "mediasoup";
import { lastseen } from "lastseen/fastify";

const AUDIO = { kind: "audio", mimeType: "audio/opus", clockRate: 48_000, channels: 2 };

/** @param {{ workerBin?: string, page: string }} options the worker's program, and the origin of the product's pages */
export async function createBackend({ workerBin, page }) {
  const app = Fastify({ logger: { level: "warn" } });

  // Register before the worker starts, so that Lastseen sees everything in it.
  await app.register(lastseen, {
    prefix: "/presence",
    settings: { CORS_ORIGIN: page, ADMIN_TOKEN: process.env.ADMIN_TOKEN, RESUME_GRACE_MS: 2_000 },
    // A real backend checks the token of its own login here.
    authenticate: ({ token }) => ({ userId: knownUser(token) }),
  });

  const worker = await createWorker({ workerBin, logLevel: "warn" });
  const router = await worker.createRouter({ mediaCodecs: [AUDIO] });
  app.addHook("onClose", () => worker.close());

  // The product's own signalling. The page only adds the id of its Lastseen session.
  app.post("/calls/:roomId/transports", async ({ params, body }, reply) => {
    const inRoom = app.lastseen.whoIsIn(params.roomId).some(({ sessionId }) => sessionId === body.sessionId);
    if (!inRoom) return reply.code(409).send({ message: "Join the room first." });
    const { id, iceParameters, iceCandidates, dtlsParameters } = await router.createWebRtcTransport({
      listenInfos: [{ protocol: "udp", ip: "127.0.0.1" }],
      iceConsentTimeout: 10,
      appData: { sessionId: body.sessionId },
    });
    return { id, iceParameters, iceCandidates, dtlsParameters };
  });

  app.get("/calls/:roomId", ({ params }) => app.lastseen.whoIsIn(params.roomId));

  return { app, router };
}

function knownUser(token) {
  if (!/^token-of-\w+$/.test(token ?? "")) throw new Error("nobody's token");
  return token.slice("token-of-".length);
}
