/**
 * An environment for a client without a page: in a Web Worker, or in Node.js.
 * `connect({ url, environment: headlessEnvironment() })` with `import { headlessEnvironment } from "@lastseen/client/headless"`.
 *
 * @module
 */
import { browserEnvironment } from "../browser.js";
import type { Environment, PageSource, SocketLike, TabStorage } from "../environment.js";

/** A class like the browser's `WebSocket`. */
export type SocketClass = new (
  url: string,
  protocol: string,
) => { addEventListener(type: "error", listener: () => void): void };

export interface HeadlessOptions {
  /** The class of a package such as `ws`; by default the platform's own, which Node.js has since version 22. */
  readonly WebSocket?: SocketClass;
  /** Keeps the session, so that the next worker or process can resume it; by default it is kept in memory. */
  readonly storage?: TabStorage;
}

/** @throws Error when the platform has no `WebSocket` and none is given */
export function headlessEnvironment(options: HeadlessOptions = {}): Environment {
  const Socket = options.WebSocket ?? (globalThis as { WebSocket?: SocketClass }).WebSocket;
  if (!Socket)
    throw new Error(
      'There is no WebSocket here. Give one: headlessEnvironment({ WebSocket }), for example of the package "ws".',
    );
  return {
    ...browserEnvironment,
    openSocket: (url, protocol) => {
      const socket = new Socket(url, protocol);
      // A `close` follows, and the client listens to that. Some classes throw an error that nobody listens to.
      socket.addEventListener("error", () => {});
      return socket as unknown as SocketLike;
    },
    page: nobodysPage,
    storage: options.storage ?? memory(),
    // Without tabs there is nobody to tell, and nobody else has the same id.
    locks: { hold: () => Promise.resolve(() => {}), whenFree: () => new Promise(() => {}) },
    openChannel: () => ({ post: () => {}, close: () => {} }),
  };
}

/** Nobody hides, freezes or closes it. A worker hears of the network as its page does. */
const nobodysPage: PageSource = {
  visibility: "visible",

  listen(listener) {
    const scope = globalThis as Partial<Pick<EventTarget, "addEventListener">>;
    const stop = new AbortController();
    const { signal } = stop;
    scope.addEventListener?.("offline", () => listener({ kind: "offline" }), { signal });
    scope.addEventListener?.("online", () => listener({ kind: "wake", cause: "online" }), { signal });
    return () => stop.abort();
  },

  askBeforeClosing: () => () => {},

  beacon(url, body) {
    fetch(url, { method: "POST", mode: "no-cors", credentials: "omit", keepalive: true, body }).catch(() => {});
  },
};

function memory(): TabStorage {
  const stored = new Map<string, string>();
  return { get: (key) => stored.get(key) ?? null, set: (key, value) => void stored.set(key, value) };
}
