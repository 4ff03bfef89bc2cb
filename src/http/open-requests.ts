/**
 * HTTP sockets that hold a descriptor without being a WebSocket. Anybody can open one and send half a request. When one address
 * or all together have too many, the sockets that have gone longest without a finished request are ended, so newcomers get in.
 */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { addressKey } from "../kernel/address.js";
import type { Refusals } from "../kernel/refusals.js";

interface OpenSocket {
  /** Of its address; empty when only the sum bounds it. */
  readonly key: string;
  readonly onClose: () => void;
}

export class OpenRequests {
  readonly #most: number;
  readonly #mostOfAddress: number;
  readonly #isProxy: (address: string) => boolean;
  readonly #refusals: Refusals;
  /** The socket that has gone longest without a finished request is first. */
  readonly #all = new Map<Socket, OpenSocket>();
  readonly #byAddress = new Map<string, Set<Socket>>();

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
    const key = this.#isProxy(address) ? "" : addressKey(address);
    const open: OpenSocket = { key, onClose: () => this.#gone(socket) };
    socket.once("close", open.onClose);
    this.#put(socket, open);
    const ofAddress = this.#byAddress.get(key);
    if (ofAddress && ofAddress.size > this.#mostOfAddress) this.#end(ofAddress.keys().next().value);
    if (this.#all.size > this.#most) this.#end(this.#all.keys().next().value);
  }

  /** Its turn to be ended is last again. */
  #answered(socket: Socket): void {
    const open = this.#all.get(socket);
    if (!open) return;
    this.#remove(socket, open);
    this.#put(socket, open);
  }

  #put(socket: Socket, open: OpenSocket): void {
    const { key } = open;
    this.#all.set(socket, open);
    if (key === "") return;
    const ofAddress = this.#byAddress.get(key);
    if (ofAddress) ofAddress.add(socket);
    else this.#byAddress.set(key, new Set([socket]));
  }

  /** The socket has ended, or is a WebSocket now and must not keep anything of its handshake. */
  #gone(socket: Socket): void {
    const open = this.#all.get(socket);
    if (!open) return;
    socket.off("close", open.onClose);
    this.#remove(socket, open);
  }

  #remove(socket: Socket, { key }: OpenSocket): void {
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
