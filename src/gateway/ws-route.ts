import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { FastifyInstance } from "fastify";
import { WebSocketServer } from "ws";
import { LastseenError, LIMITS, SUBPROTOCOL } from "@lastseen/protocol";
import type { Gateway } from "./gateway.js";
import { peerOf } from "./peer.js";
import { ServiceSocket } from "./service-socket.js";
import { refuseAsHttp, routeUpgrades } from "./upgrades.js";

const PATH = "/ws";
/** A message may come in so many frames. Browsers send one; each frame of a message uses memory until the last one is there. */
const MOST_FRAGMENTS = 64;
/** A frame may arrive in so many pieces. A frame of 64 KiB in packets of the Internet's usual size has 48. */
const MOST_CHUNKS = 512;
/** How long a client may take to answer a closing handshake before its socket is destroyed. */
const CLOSE_TIMEOUT_MS = 5_000;

const SERVER_OPTIONS = {
  noServer: true,
  WebSocket: ServiceSocket,
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
 * every page open WebSockets to everywhere.
 *
 * A handshake that is let in goes to ws at once. Only a handshake that is refused goes through the application, which answers it
 * as it answers every request.
 *
 * @param isOriginAllowed whether pages of an origin may connect. A client that sends no Origin is not a browser and is let in
 * @param reconnectSpreadMs clients come back within this time after a restart
 */
export function registerWebSocket(
  app: FastifyInstance,
  options: {
    gateway: Gateway;
    isOriginAllowed: (origin: string) => boolean;
    reconnectSpreadMs: number;
    /** The address of the client that sent a handshake. */
    addressOf: (request: IncomingMessage) => string;
  },
): void {
  const { gateway, isOriginAllowed, reconnectSpreadMs, addressOf } = options;
  const webSockets = new WebSocketServer(SERVER_OPTIONS);
  const isRefused = (origin: string | undefined): boolean => origin !== undefined && !isOriginAllowed(origin);
  const accept = (socket: ServiceSocket, request: IncomingMessage): void => {
    try {
      gateway.accept(socket, peerOf(addressOf(request), request.headers), request.socket);
    } catch (error) {
      app.log.error({ err: error }, "a WebSocket could not be accepted");
      socket.terminate();
    }
  };
  routeUpgrades(app.server, PATH, (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (request.method !== "GET" || isRefused(request.headers.origin)) refuseAsHttp(app, request, socket);
    else webSockets.handleUpgrade(request, socket, head, accept);
  });
  app.addHook("preClose", (done) => {
    gateway.close(reconnectSpreadMs).then(() => done(), done);
  });
  app.route({
    method: "GET",
    url: PATH,
    schema: { hide: true },
    onRequest: async (request) => {
      if (isRefused(request.headers.origin)) {
        throw new LastseenError("forbidden", "This origin is not allowed: CORS_ORIGIN does not name it.");
      }
    },
    handler: (_request, reply) =>
      reply
        .code(426)
        .headers({ upgrade: "websocket", connection: "upgrade" })
        .send({ error: { code: "bad_message", message: "This route speaks WebSocket only." } }),
  });
}
