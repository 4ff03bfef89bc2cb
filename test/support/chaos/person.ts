import { WebSocket } from "ws";
import type { LastseenClient } from "../../../packages/client/src/client.js";
import type { SocketLike } from "../../../packages/client/src/environment.js";
import { sdkClient } from "../node-browser.js";

/** Somebody with a page: wants to be in a room or in none, and sometimes calls somebody. */
export class Person {
  readonly userId: string;
  readonly client: LastseenClient;
  /** The room in which the person wants to be. */
  room: string | undefined;
  /** The person has closed the page. */
  gone = false;
  readonly #sockets = new Set<WebSocket>();
  /** The session with which the person entered the room. */
  #inside: string | undefined;
  #asking = false;

  /** @param lost told when the person loses a session with which she was in a room */
  constructor(userId: string, url: string, lost: (person: Person) => void) {
    this.userId = userId;
    this.client = sdkClient({
      url,
      user: { id: userId },
      environment: { openSocket: (address, protocol) => this.#open(address, protocol) },
    });
    this.client.on("session", ({ sessionId }) => {
      if (this.#inside !== undefined && this.#inside !== sessionId) lost(this);
      if (this.#inside !== undefined) this.#inside = sessionId;
    });
  }

  get isWhereWanted(): boolean {
    return this.client.state === "connected" && this.client.room?.id === this.room;
  }

  enter(room: string): void {
    this.room = room;
    this.#inside = undefined;
    this.settle();
  }

  leave(): void {
    this.room = undefined;
    this.#inside = undefined;
    void this.client.leave().catch(() => {});
  }

  /** Asks for the room again when the last attempt has failed. */
  settle(): void {
    const { room } = this;
    if (this.#asking || this.gone || room === undefined || this.client.room?.id === room) return;
    this.#asking = true;
    this.client
      .join(room)
      .then(
        () => {
          if (this.room === room) this.#inside = this.client.session?.sessionId;
        },
        () => {},
      )
      .finally(() => (this.#asking = false));
  }

  /** The connection breaks. */
  breakConnection(): void {
    for (const socket of this.#sockets) socket.terminate();
  }

  close(): void {
    this.gone = true;
    this.room = undefined;
    this.#inside = undefined;
    void this.client.disconnect();
  }

  /** Goes on with the call, if there is one: answers, declines or hangs up. Otherwise calls that user. */
  call(userId: string, answers: boolean): void {
    const { calls } = this.client;
    const { current } = calls;
    const done =
      current === undefined
        ? calls.start(userId, "audio")
        : current.state === "ringing" && current.direction === "incoming" && answers
          ? calls.accept()
          : calls.end();
    void done.catch(() => {});
  }

  hangUp(): void {
    if (this.client.calls.current) void this.client.calls.end().catch(() => {});
  }

  #open(address: string, protocol: string): SocketLike {
    const socket = new WebSocket(address, protocol);
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
    return socket as unknown as SocketLike;
  }
}
