/**
 * A backend as it may stand in any product: its own Fastify, its own mediasoup worker and router, its own signalling.
 * Lastseen is registered into it and closes what ghosts leave behind.
 */
import Fastify from "fastify";
import { createWorker } from "mediasoup";
import { lastseen } from "lastseen/fastify";

const AUDIO = { kind: "audio", mimeType: "audio/opus", clockRate: 48_000, channels: 2 };

/** @param {{ workerBin?: string, page: string }} options the worker's program, and the origin of the product's pages */
export async function createBackend({ workerBin, page }) {
  const app = Fastify({ logger: { level: "warn" } });

  // Before the worker is started, so that everything in it is seen.
  await app.register(lastseen, {
    prefix: "/presence",
    settings: { CORS_ORIGIN: page, ADMIN_TOKEN: "operators-only", RESUME_GRACE_MS: 2_000 },
    // A real backend looks into the token that its own login gave out.
    authenticate: ({ token }) => ({ userId: knownUser(token) }),
  });

  const worker = await createWorker({ workerBin, logLevel: "warn" });
  const router = await worker.createRouter({ mediaCodecs: [AUDIO] });
  app.addHook("onClose", () => worker.close());

  // The product's own signalling. The page sends the id of its session with Lastseen, and that is all there is to it.
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
