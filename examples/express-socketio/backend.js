/**
 * A backend as many products have one: Express, Socket.IO for its signalling, and mediasoup, without a line of Fastify. Lastseen is
 * attached to the same port, or runs elsewhere, and closes the media that ghosts leave behind.
 */
import { createServer } from "node:http";
import express from "express";
import { createWorker } from "mediasoup";
import { Server } from "socket.io";
import { presenceElsewhere, presenceHere } from "./presence.js";
import { signal } from "./signalling.js";

const CODECS = [
  { kind: "audio", mimeType: "audio/opus", clockRate: 48_000, channels: 2 },
  { kind: "video", mimeType: "video/VP8", clockRate: 90_000 },
];

/**
 * @param {{ workerBin?: string, page: string, elsewhere?: { url: string, token: string }, files?: string }} options the worker's
 *   program; the origin of the product's pages; a Lastseen service and its `AGENT_TOKEN`; the folder of the page
 */
export async function createBackend({ workerBin, page, elsewhere, files }) {
  const app = express();
  const server = createServer(app);
  const io = new Server(server, { cors: { origin: page } });

  // Before the worker starts, so that Lastseen sees everything in it.
  const presence = elsewhere ? presenceElsewhere(elsewhere) : await presenceHere(server, io, page);
  const { lastseen } = presence;

  const worker = await createWorker({ workerBin, logLevel: "warn" });
  const router = await worker.createRouter({ mediaCodecs: CODECS });
  const producers = new Map();

  if (files) app.use(express.static(files));
  app.get("/settings", (_request, response) => response.json({ lastseen: elsewhere?.url ?? null }));
  if (lastseen) {
    app.get("/rooms/:roomId", (request, response) => response.json(lastseen.whoIsIn(request.params.roomId)));
  }

  // A real backend checks the token of its own login here.
  io.use((socket, next) => {
    const [, userId] = /^token-of-(\w+)$/.exec(socket.handshake.auth.token) ?? [];
    socket.data.userId = userId;
    next(userId === undefined ? new Error("nobody's token") : undefined);
  });

  io.on("connection", (socket) => {
    socket.on("join", async (request, done) => {
      socket.data.sessionId = await presence.enter(socket, request);
      done(router.rtpCapabilities);
    });
    signal(socket, { router, producers });
  });

  /** Lastseen first ends its sessions and checks that their media is gone. Then the workers may end. */
  async function close() {
    if (lastseen) await presence.close();
    await io.close();
    worker.close();
    // An agent says goodbye last: it tells what was closed.
    if (!lastseen) await presence.close();
  }

  return { server, lastseen, router, close };
}
