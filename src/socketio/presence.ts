import type { JsonObject } from "@lastseen/protocol";
import { identityOf } from "../plugin/authenticate.js";
import type { Lastseen } from "../plugin/lastseen.js";
import { ClientOfSocket, type Surroundings } from "./client-of-socket.js";
import type { Entry, SocketIoPresence } from "./entry.js";
import type { SocketIoServer, SocketIoSocket } from "./socket-io.js";

/** A user who has entered, and how a recovered Socket.IO socket goes on with the same session. */
interface Entered {
  readonly entry: Entry;
  readonly sessionId: string;
  readonly resumeToken: string;
}

/** Lastseen over the sockets of one Socket.IO server. */
export class Presence implements SocketIoPresence {
  readonly #around: Surroundings;
  readonly #clients = new WeakMap<SocketIoSocket, ClientOfSocket>();
  /** By the id of the Socket.IO socket, which a recovered socket keeps. Removed with the session. */
  readonly #entered = new Map<string, Entered>();
  /** The id of the Socket.IO socket of each session in {@link #entered}. */
  readonly #socketOf = new Map<string, string>();

  constructor(io: SocketIoServer, lastseen: Lastseen, around: Surroundings) {
    this.#around = around;
    lastseen.on("ended", ({ session }) => this.#forget(session.sessionId));
    io.on("connection", (socket) => this.#connected(socket));
  }

  async enter(socket: SocketIoSocket, entry: Entry): Promise<string> {
    return this.#enter(socket, entry, undefined);
  }

  #connected(socket: SocketIoSocket): void {
    this.#clients.set(socket, new ClientOfSocket(socket, this.#around));
    const before = this.#entered.get(socket.id);
    if (!socket.recovered || !before) return;
    this.#enter(socket, before.entry, before).catch(() => {
      // The session could not go on: the client was away for too long, or is blocked. The application is told of its end.
    });
  }

  async #enter(socket: SocketIoSocket, entry: Entry, before: Entered | undefined): Promise<string> {
    const { roomId, metadata, tabId = socket.id, ...user } = entry;
    const identity = identityOf(user, "enter");
    const client = this.#clients.get(socket);
    if (!client) throw new Error("enter: this socket connected before lastseenSocketIo was called; call it earlier.");
    const resume = before && { sessionId: before.sessionId, resumeToken: before.resumeToken };
    const hello = await client.request("hello", { tabId, ...(resume ? { resume } : {}) }, identity);
    this.#remember(socket, entry, hello);
    if (roomId === undefined || resume) return String(hello["sessionId"]);
    const joined = await client.request("join", { roomId, ...(metadata ? { metadata } : {}) });
    this.#remember(socket, entry, joined);
    return String(joined["sessionId"]);
  }

  #remember(socket: SocketIoSocket, entry: Entry, answer: JsonObject): void {
    const [sessionId, resumeToken] = [String(answer["sessionId"]), String(answer["resumeToken"])];
    this.#forget(sessionId);
    this.#forget(this.#entered.get(socket.id)?.sessionId);
    this.#entered.set(socket.id, { entry, sessionId, resumeToken });
    this.#socketOf.set(sessionId, socket.id);
  }

  #forget(sessionId: string | undefined): void {
    if (sessionId === undefined) return;
    this.#entered.delete(this.#socketOf.get(sessionId) ?? "");
    this.#socketOf.delete(sessionId);
  }
}
