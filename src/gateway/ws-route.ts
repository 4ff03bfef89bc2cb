import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import websocket from "@fastify/websocket";
import type { FastifyInstance } from "fastify";
import type { WebSocket } from "ws";
import { LastseenError, LIMITS, SUBPROTOCOL } from "@lastseen/protocol";
import { PROBLEM_TYPE, problemOf } from "@lastseen/protocol/http";
import type { Gateway } from "./gateway.js";
import { peerOf } from "./peer.js";
import { routeUpgrades } from "./upgrades.js";

const PATH = "/ws";
/** A message may come in so many frames. Browsers send one; each frame of a message uses memory until the last one is there. */
const MOST_FRAGMENTS = 64;
/** A frame may arrive in so many pieces. A frame of 64 KiB in packets of the Internet's usual size has 48. */
const MOST_CHUNKS = 512;
/** How long a client may take to answer a closing handshake before its socket is destroyed. */
const CLOSE_TIMEOUT_MS = 5_000;

/**
 * Registers `GET /ws`. A browser with a page of another origin is refused with 403 before the upgrade, because browsers let
 * every page open WebSockets to everywhere.
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
    /** The address of a client, if another server than `app` took the handshake. */
    addressOf?: (request: IncomingMessage) => string | undefined;
    /** Further paths whose routes take WebSockets. */
    morePaths?: readonly string[];
  },
): Promise<void> {
  const { gateway, isOriginAllowed, reconnectSpreadMs, morePaths = [] } = options;
  const handshakes = createServer();
  const responses = new WeakMap<IncomingMessage, ServerResponse>();
  routeUpgrades(app.server, handshakes, [PATH, ...morePaths]);
  const serverOptions = {
    server: handshakes,
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
  await app.register(websocket, {
    options: serverOptions,
    errorHandler(error, socket, request) {
      // The connection itself closes a socket that is closing or broken.
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
    onRequest: async (request, reply) => {
      const { origin } = request.headers;
      if (origin !== undefined && !isOriginAllowed(origin)) {
        throw new LastseenError("forbidden", "This origin is not allowed: CORS_ORIGIN does not name it.");
      }
      responses.set(request.raw, reply.raw);
    },
    handler: (_request, reply) =>
      reply
        .code(426)
        .headers({ upgrade: "websocket", connection: "upgrade" })
        .type(PROBLEM_TYPE)
        .send(problemOf("bad_message", "This route speaks WebSocket only.", { status: 426 })),
    wsHandler: (socket, request) => {
      const peer = peerOf(options.addressOf?.(request.raw) ?? request.ip, request.headers);
      forgetHandshake(socket, request.raw, responses.get(request.raw));
      gateway.accept(socket, peer, request.raw.socket);
    },
  });
}

/**
 * Separates a WebSocket from its handshake. Otherwise request, response, headers and logger stay in memory as long as the
 * socket, and use more memory than the connection itself.
 */
function forgetHandshake(socket: WebSocket, request: IncomingMessage, response: ServerResponse | undefined): void {
  // The listener of @fastify/websocket refers to the request. The connection adds its own listener.
  socket.removeAllListeners("error");
  response?.detachSocket(request.socket);
}
