/**
 * The page's line to the service, with a knife: to try what the others see when somebody's network is gone. A page cannot cut
 * its network. So a cut closes the WebSocket with a code that the service takes for a broken connection, and opens no other
 * one until the line is mended. Media is not cut; the service decides without it when the connection has ended.
 */
import { signal } from "@preact/signals";
import type { Environment, SocketLike } from "@lastseen/client";

type SocketListener = Parameters<SocketLike["addEventListener"]>[1];

/** What the service does not know as the goodbye of a page. */
const BROKEN_CODE = 4000;
const ABNORMAL = 1006;

export class CuttableLine {
  /** When the line is mended, epoch ms; undefined: it is not cut. */
  readonly cutUntil = signal<number | undefined>(undefined);
  readonly environment: Pick<Environment, "openSocket" | "fetch"> = {
    openSocket: (url, protocol) => this.#open(url, protocol),
    fetch: (url, init) => (this.#isCut ? Promise.reject(new TypeError("The line is cut.")) : fetch(url, init)),
  };
  readonly #sockets = new Set<CuttableSocket>();
  #mending: ReturnType<typeof setTimeout> | undefined;

  cut(ms: number): void {
    clearTimeout(this.#mending);
    this.#mending = setTimeout(() => this.mend(), ms);
    this.cutUntil.value = Date.now() + ms;
    for (const socket of this.#sockets) socket.cut();
    this.#sockets.clear();
  }

  /** The client hears of it as it hears of a network that is back, and tries at once. */
  mend(): void {
    clearTimeout(this.#mending);
    if (!this.#isCut) return;
    this.cutUntil.value = undefined;
    dispatchEvent(new Event("online"));
  }

  get #isCut(): boolean {
    return this.cutUntil.value !== undefined;
  }

  #open(url: string, protocol: string): SocketLike {
    const socket = new CuttableSocket(url, protocol, this.#isCut);
    if (!this.#isCut) {
      this.#sockets.add(socket);
      socket.addEventListener("close", () => this.#sockets.delete(socket));
    }
    return socket;
  }
}

class CuttableSocket implements SocketLike {
  readonly #socket: WebSocket | undefined;
  readonly #closeListeners: SocketListener[] = [];
  #isCut = false;

  /** @param isDead whether it never opens */
  constructor(url: string, protocol: string, isDead: boolean) {
    this.#socket = isDead ? undefined : new WebSocket(url, protocol);
    if (isDead) setTimeout(() => this.cut());
  }

  get readyState(): number {
    return this.#isCut || !this.#socket ? WebSocket.CLOSED : this.#socket.readyState;
  }

  addEventListener(type: "open" | "message" | "close", listener: SocketListener): void {
    if (type === "close") this.#closeListeners.push(listener);
    this.#socket?.addEventListener(type, (event) => {
      if (!this.#isCut) listener(event as Parameters<SocketListener>[0]);
    });
  }

  send(text: string): void {
    if (!this.#isCut) this.#socket?.send(text);
  }

  close(code?: number, reason?: string): void {
    if (!this.#isCut) this.#socket?.close(code, reason);
  }

  /** The service and the client see a connection that broke. */
  cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    this.#socket?.close(BROKEN_CODE);
    for (const listener of this.#closeListeners) listener({ code: ABNORMAL });
  }
}
