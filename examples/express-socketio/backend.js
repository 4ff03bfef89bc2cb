/**
 * A backend as many products have one: Express, Socket.IO for its signalling, and mediasoup, without a line of Fastify. Its pages
 * know nothing of Lastseen: they emit `ping` and `beforeDisconnect`, and listen for `pong` and `user_left`. Lastseen is attached
 * to the same port, and closes the media that ghosts leave behind.
 */
import { createServer } from "node:http";
import express from "express";
import { attachLastseen } from "lastseen/node";
import { lastseenSocketIo } from "lastseen/socket.io";
import { createWorker } from "mediasoup";
import { Server } from "socket.io";

const AUDIO = { kind: "audio", mimeType: "audio/opus", clockRate: 48_000, channels: 2 };
/** The product's own events, by Lastseen's names for them. */
const EVENTS = { ping: "ping", pong: "pong", beforeDisconnect: "beforeDisconnect", user_left: "user_left" };

/** @param {{ workerBin?: string, page: string }} options the worker's program, and the origin of the product's pages */
export async function createBackend({ workerBin, page }) {
  const app = express();
  const server = createServer(app);
  const io = new Server(server, { cors: { origin: page } });

  // Attach before the worker starts, so that Lastseen sees everything in it.
  const lastseen = await attachLastseen(server, {
    prefix: "/presence",
    settings: { CORS_ORIGIN: page, ADMIN_TOKEN: process.env.ADMIN_TOKEN, RESUME_GRACE_MS: 2_000 },
    // Only for pages with a client of Lastseen. Here `enter` says who a client is.
    authenticate: () => {
      throw new Error("no page says hello itself");
    },
    logger: false,
  });
  const presence = lastseenSocketIo(io, { lastseen, events: EVENTS });

  const worker = await createWorker({ workerBin, logLevel: "warn" });
  const router = await worker.createRouter({ mediaCodecs: [AUDIO] });

  app.get("/rooms/:roomId", (request, response) => response.json(lastseen.whoIsIn(request.params.roomId)));

  // A real backend checks the token of its own login here.
  io.use((socket, next) => {
    const [, userId] = /^token-of-(\w+)$/.exec(socket.handshake.auth.token) ?? [];
    socket.data.userId = userId;
    next(userId === undefined ? new Error("nobody's token") : undefined);
  });

  // The product's own signalling. Two lines in it are Lastseen's: `enter`, and the session of each transport.
  io.on("connection", (socket) => {
    socket.on("join", async ({ roomId }, done) => {
      socket.data.sessionId = await presence.enter(socket, { userId: socket.data.userId, roomId });
      done(router.rtpCapabilities);
    });
    socket.on("createTransport", async (done) => {
      const { id, iceParameters, iceCandidates, dtlsParameters } = await router.createWebRtcTransport({
        listenInfos: [{ protocol: "udp", ip: "127.0.0.1" }],
        iceConsentTimeout: 10,
        appData: { sessionId: socket.data.sessionId },
      });
      done({ id, iceParameters, iceCandidates, dtlsParameters });
    });
  });

  /** Lastseen first ends its sessions and checks that their media is gone. Then the workers may end. */
  async function close() {
    await lastseen.close();
    await io.close();
    worker.close();
  }

  return { server, lastseen, router, close };
}
