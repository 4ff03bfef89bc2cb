import type { JsonObject } from "@lastseen/protocol";
import type { KnownUser } from "../plugin/authenticate.js";
import type { SocketIoSocket } from "./socket-io.js";

/** Who enters, and where. */
export interface Entry extends KnownUser {
  /** The room to join. Without it the session is in no room. */
  readonly roomId?: string;
  /** What the others in the room see; a JSON object of at most 4 KiB. */
  readonly metadata?: JsonObject;
  /** The tab or device, 1–64 characters. Default: the id of the Socket.IO socket. */
  readonly tabId?: string;
}

/** Lastseen over the sockets of one Socket.IO server, as the application sees it. */
export interface SocketIoPresence {
  /**
   * Begins a session for a client that does not know Lastseen, and joins the room. The application has found out who the user is, so
   * no token is asked for. A client whose state Socket.IO has recovered goes on with its session by itself. After any other
   * reconnection call it again: in the room, the new session takes the place of the old one, and the others notice nothing.
   *
   * @returns the id of the session
   * @throws Error that names the wrong field of the user
   * @throws LastseenError the service's refusal, such as `room_full` or `blocked`; `fenced` when the socket ends first
   */
  enter(socket: SocketIoSocket, entry: Entry): Promise<string>;
}
