import { createServer, type IncomingMessage } from "node:http";
import websocket from "@fastify/websocket";
import type { FastifyInstance } from "fastify";
import { LastseenError, LIMITS, SUBPROTOCOL } from "@lastseen/protocol";
import { PROBLEM_TYPE, problemOf } from "@lastseen/protocol/http";
import { clientHandshakes } from "./client-handshakes.js";
import type { Gateway } from "./gateway.js";
import { routeUpgrades, type TakeHandshake } from "./upgrades.js";

const PATH = "/ws";
/** A message may come in so many frames. Browsers send one; each frame of a message uses memory until the last one is there. */
const MOST_FRAGMENTS = 64;
/** A frame may arrive in so many pieces. A frame of 64 KiB in packets of the Internet's usual size has 48. */
const MOST_CHUNKS = 512;
/** How long a client may take to answer a closing handshake before its socket is destroyed. */
const CLOSE_TIMEOUT_MS = 5_000;

const WEB_SOCKET = {
  maxPayload: LIMITS.frameBytes,
  maxFragments: MOST_FRAGMENTS,
  maxBufferedChunks: MOST_CHUNKS,
  // The connection answers pings itself, so that it can count them.
  autoPong: false,
  perMessageDeflate: false,
  clientTracking: false,
  closeTimeout: CLOSE_TIMEOUT_MS,
  handleProtocols: (offered: Set<string>): string | false => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
};

/**
 * Registers `GET /ws`. A browser with a page of another origin is refused with 403 before the upgrade, because browsers let
 * every page open WebSockets to everywhere. Fastify sees only the handshakes that are refused, and those for other paths.
 *
 * @param isOriginAllowed whether pages of an origin may connect. A client that sends no Origin is not a browser and is let in
 * @param reconnectSpreadMs clients come back within this time after a restart
 */
export async function registerWebSocket(
  app: FastifyInstance,
  options: {
    gateway: Gateway;
    isOriginAllowed: (origin: string) => boolean;
    reconnectSpreadMs: number;
    /** The address of a client. */
    addressOf: (request: IncomingMessage) => string;
    /** Further paths whose routes take WebSockets. */
    morePaths?: readonly string[];
  },
): Promise<void> {
  const { gateway, isOriginAllowed, addressOf, reconnectSpreadMs, morePaths = [] } = options;
  // It never listens on a port. @fastify/websocket takes what it emits.
  const handshakes = createServer();
  const throughFastify: TakeHandshake = (...handshake) => void handshakes.emit("upgrade", ...handshake);
  const straight = { gateway, isOriginAllowed, addressOf, webSocket: WEB_SOCKET, log: app.log };
  const takers = new Map([[PATH, clientHandshakes({ ...straight, otherwise: throughFastify })]]);
  for (const path of morePaths) takers.set(path, throughFastify);
  routeUpgrades(app.server, takers);
  await app.register(websocket, {
    options: { ...WEB_SOCKET, server: handshakes },
    errorHandler(error, socket, request) {
      // Whoever has taken a socket itself closes it when it is closing or broken.
      if (socket.readyState !== socket.OPEN) return;
      request.log.error({ err: error }, "a WebSocket could not be accepted");
      socket.terminate();
    },
    preClose(done) {
      gateway.close(reconnectSpreadMs).then(() => done(), done);
    },
  });
  app.route({
    method: "GET",
    url: PATH,
    schema: { hide: true },
    onRequest: async ({ headers: { origin } }) => {
      if (origin !== undefined && !isOriginAllowed(origin)) {
        throw new LastseenError("forbidden", "This origin is not allowed: CORS_ORIGIN does not name it.");
      }
    },
    handler: (_request, reply) =>
      reply
        .code(426)
        .headers({ upgrade: "websocket", connection: "upgrade" })
        .type(PROBLEM_TYPE)
        .send(problemOf("bad_message", "This route speaks WebSocket only.", { status: 426 })),
  });
}
