import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";

/** Headers that only mean something when a connection changes its protocol. */
const UPGRADE_HEADERS: ReadonlySet<string> = new Set(["upgrade", "connection", "http2-settings"]);

/**
 * Lets only WebSocket handshakes for one path through to `webSockets`. Every other wish to upgrade is passed over, as
 * HTTP allows: Java's client, for one, asks for HTTP/2 with its first request, whatever the route, and expects to be
 * answered in HTTP/1.1.
 *
 * @param webSockets gets the handshakes as its own `upgrade` events; never listens itself
 */
export function routeUpgrades(server: Server, webSockets: Server, path: string): void {
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const [pathname] = (request.url ?? "").split("?");
    const isWebSocket = request.headers.upgrade?.toLowerCase() === "websocket";
    if (isWebSocket && pathname === path) webSockets.emit("upgrade", request, socket, head);
    else serveAsHttp(server, request, socket, head);
  });
}

/** Gives the connection back to the server as if the request had not asked for an upgrade. */
export function serveAsHttp(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = request;
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = "", value = ""] = rawHeaders.slice(at, at + 2);
    if (!UPGRADE_HEADERS.has(name.toLowerCase())) lines.push(`${name}: ${value}`);
  }
  // Node reads header bytes as Latin-1, so that is how they become bytes again.
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), head]));
  server.emit("connection", socket);
}
