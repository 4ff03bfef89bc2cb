/**
 * HTTP sockets that hold a descriptor without being a WebSocket. Anybody can open one and send half a request. When one address
 * or all together have too many, the sockets that have gone longest without a finished request are ended, so newcomers get in.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { addressKey } from "../kernel/address.js";
import type { Refusals } from "../kernel/refusals.js";

export class OpenRequests {
  readonly #most: number;
  readonly #mostOfAddress: number;
  readonly #isProxy: (address: string) => boolean;
  readonly #refusals: Refusals;
  /** The socket that has gone longest without a finished request is first. */
  readonly #all = new Map<Socket, string>();
  readonly #byAddress = new Map<string, Set<Socket>>();
  readonly #followed = new WeakSet<Socket>();

  constructor(options: {
    most: number;
    mostOfAddress: number;
    /** A trusted proxy opens sockets for many people: only the sum bounds it. */
    isProxy: (address: string) => boolean;
    refusals: Refusals;
  }) {
    this.#most = options.most;
    this.#mostOfAddress = options.mostOfAddress;
    this.#isProxy = options.isProxy;
    this.#refusals = options.refusals;
  }

  /** Sockets that are counted now. */
  get size(): number {
    return this.#all.size;
  }

  follow(server: Server): void {
    server.on("connection", (socket: Socket) => this.#opened(socket));
    server.on("request", ({ socket }: IncomingMessage, response: ServerResponse) => {
      response.once("finish", () => this.#answered(socket));
    });
    server.on("upgrade", (_request: IncomingMessage, socket: Socket) => this.#gone(socket));
  }

  #opened(socket: Socket): void {
    const address = socket.remoteAddress;
    if (address === undefined) return;
    if (!this.#followed.has(socket)) {
      this.#followed.add(socket);
      socket.once("close", () => this.#gone(socket));
    }
    const key = this.#isProxy(address) ? undefined : addressKey(address);
    this.#put(socket, key ?? "");
    const ofAddress = key === undefined ? undefined : this.#byAddress.get(key);
    if (ofAddress && ofAddress.size > this.#mostOfAddress) this.#end(ofAddress.keys().next().value);
    if (this.#all.size > this.#most) this.#end(this.#all.keys().next().value);
  }

  /** Its turn to be ended is last again. */
  #answered(socket: Socket): void {
    const key = this.#all.get(socket);
    if (key === undefined) return;
    this.#gone(socket);
    this.#put(socket, key);
  }

  #put(socket: Socket, key: string): void {
    this.#all.set(socket, key);
    if (key === "") return;
    const ofAddress = this.#byAddress.get(key);
    if (ofAddress) ofAddress.add(socket);
    else this.#byAddress.set(key, new Set([socket]));
  }

  #gone(socket: Socket): void {
    const key = this.#all.get(socket);
    if (key === undefined) return;
    this.#all.delete(socket);
    const ofAddress = this.#byAddress.get(key);
    ofAddress?.delete(socket);
    if (ofAddress?.size === 0) this.#byAddress.delete(key);
  }

  #end(socket: Socket | undefined): void {
    if (!socket) return;
    this.#refusals.count("requests", socket.remoteAddress);
    this.#gone(socket);
    socket.destroy();
  }
}
