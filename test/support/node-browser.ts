import { randomUUID } from "node:crypto";
import { onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { LastseenClient } from "../../packages/client/src/client.js";
import type { ConnectOptions } from "../../packages/client/src/options.js";
import type { Environment, PageSignal, PageSource, SocketLike } from "../../packages/client/src/environment.js";

/** A page without a browser. The test says what happens to it, and its beacons arrive. */
export class NodePage implements PageSource {
  visibility: "visible" | "hidden" = "visible";
  readonly #listeners = new Set<(signal: PageSignal) => void>();

  listen(listener: (signal: PageSignal) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  askBeforeClosing(): () => void {
    return () => {};
  }

  beacon(url: string, body: string): boolean {
    void fetch(url, { method: "POST", body }).catch(() => {});
    return true;
  }

  signal(signal: PageSignal): void {
    for (const listener of this.#listeners) listener(signal);
  }
}

/** An environment for the SDK in Node: real sockets and timers, a page that is always visible, and its own storage. */
function nodeEnvironment(): Environment {
  const stored = new Map<string, string>();
  return {
    timers: {
      now: () => performance.now(),
      set: (delayMs, run) => setTimeout(run, delayMs),
      clear: (handle) => clearTimeout(handle as NodeJS.Timeout),
    },
    openSocket: (url, protocol) => {
      const socket = new WebSocket(url, protocol);
      // A `close` event follows, and the SDK listens to that.
      socket.on("error", () => {});
      return socket as unknown as SocketLike;
    },
    fetch: (url, init) => fetch(url, init),
    random: Math.random,
    page: {
      visibility: "visible",
      listen: () => () => {},
      askBeforeClosing: () => () => {},
      beacon: () => true,
    },
    storage: { get: (key) => stored.get(key) ?? null, set: (key, value) => void stored.set(key, value) },
    locks: { hold: () => Promise.resolve(() => {}), whenFree: () => new Promise(() => {}) },
    openChannel: () => ({ post: () => {}, close: () => {} }),
    createId: () => randomUUID(),
    pageId: randomUUID(),
  };
}

/** A client of the SDK without a browser. It stops with the test. */
export function sdkClient(options: ConnectOptions): LastseenClient {
  const client = new LastseenClient({
    log: false,
    ...options,
    environment: { ...nodeEnvironment(), ...options.environment },
  });
  onTestFinished(() => client.disconnect());
  client.reconnect();
  return client;
}
