/**
 * Lastseen over an existing Socket.IO 4 server, without a second connection of the client. See docs/node-backends.md.
 *
 *     const lastseen = await attachLastseen(server, { settings: { … } });
 *     lastseenSocketIo(io, { lastseen });
 */
import type { Lastseen } from "../plugin/lastseen.js";
import { ServiceView } from "../plugin/service-view.js";
import { mappedEvents, type EventNames } from "./event-names.js";
import type { SocketIoPresence } from "./entry.js";
import { Presence } from "./presence.js";
import type { SocketIoServer } from "./socket-io.js";

export type { EventNames } from "./event-names.js";
export type { Entry, SocketIoPresence } from "./entry.js";
export type { SocketIoServer, SocketIoSocket } from "./socket-io.js";

export interface SocketIoOptions {
  /** What `attachLastseen` returned, or `app.lastseen` of the Fastify plugin. */
  lastseen: Lastseen;
  /**
   * The application's own events, by the types of Lastseen's messages: `{ ping: "ping", pong: "pong", user_left: "user_left" }`. A client
   * that emits and listens for these needs no change. Their argument is the `data` of the message.
   */
  events?: EventNames;
}

/**
 * Takes Lastseen's frames from the sockets of a Socket.IO server: each frame is one event `lastseen` with an object, both ways. Call
 * it before clients connect.
 *
 * @param io the server, or one of its namespaces
 * @throws TypeError that names the wrong option
 */
export function lastseenSocketIo(io: SocketIoServer, { lastseen, events = {} }: SocketIoOptions): SocketIoPresence {
  const inside = ServiceView.insideOf(Object(lastseen) as object);
  if (!inside) {
    throw new TypeError("lastseenSocketIo: lastseen must be what attachLastseen returned, or app.lastseen.");
  }
  return new Presence(io, lastseen, { ...inside, events: mappedEvents(events) });
}
