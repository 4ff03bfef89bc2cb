import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer, type ServerOptions } from "ws";
import { ClientWebSocket } from "./client-web-socket.js";
import type { Gateway } from "./gateway.js";
import type { GatewayLog } from "./gateway-log.js";
import { peerOf } from "./peer.js";
import type { TakeHandshake } from "./upgrades.js";

/**
 * Takes the handshakes of clients. A handshake that nobody refuses goes straight to `ws`: the whole path of a request through
 * Fastify costs as much as the handshake itself, and leaves objects behind that make holes in the memory of long-lived sockets.
 *
 * @param options `addressOf`: the address of a client. `otherwise`: takes the handshakes that must be answered in HTTP
 */
export function clientHandshakes(options: {
  gateway: Gateway;
  isOriginAllowed: (origin: string) => boolean;
  addressOf: (request: IncomingMessage) => string;
  webSocket: ServerOptions;
  log: GatewayLog;
  otherwise: TakeHandshake;
}): TakeHandshake {
  const { gateway, isOriginAllowed, addressOf, log, otherwise } = options;
  const webSockets = new WebSocketServer({ ...options.webSocket, noServer: true, WebSocket: ClientWebSocket });

  const take = (request: IncomingMessage, socket: Duplex, head: Buffer): void =>
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.line = socket;
      try {
        gateway.accept(webSocket, peerOf(addressOf(request), request.headers), request.socket);
      } catch (error) {
        log.error({ err: error }, "a WebSocket could not be accepted");
        // Nobody reads it yet, and a broken frame may have come already.
        webSocket.on("error", () => undefined);
        webSocket.terminate();
      }
    });

  return (request, socket, head) => {
    const { origin } = request.headers;
    const isWelcome = request.method === "GET" && (origin === undefined || isOriginAllowed(origin));
    (isWelcome ? take : otherwise)(request, socket, head);
  };
}
