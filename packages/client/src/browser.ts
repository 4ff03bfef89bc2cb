import type { Environment, PageSignal, PageSource, TabChannel, TabLocks, TabStorage, Timers } from "./environment.js";
import { optional } from "./optional.js";

const timers: Timers = {
  // On some machines `performance.now()` stands still during sleep, and the client has to notice sleep.
  now: () => Date.now(),
  set: (delayMs, run) => setTimeout(run, delayMs),
  clear: (handle) => clearTimeout(handle as number),
};

/** Chromium and Android have it; `type` is missing on desktops. */
type NetworkNavigator = Navigator & { readonly connection?: EventTarget & { readonly type?: string } };

const page: PageSource = {
  get visibility() {
    return optional(() => document.visibilityState) === "hidden" ? "hidden" : "visible";
  },

  listen(listener) {
    const stop = new AbortController();
    const on = (target: EventTarget, type: string, signal: (event: Event) => PageSignal | undefined) => {
      const handle = (event: Event) => {
        const given = signal(event);
        if (given) listener(given);
      };
      optional(() => target.addEventListener(type, handle, { signal: stop.signal }));
    };
    on(document, "visibilitychange", () => ({ kind: page.visibility }));
    on(document, "freeze", () => ({ kind: "frozen" }));
    on(document, "resume", () => ({ kind: "wake", cause: "resume" }));
    on(window, "focus", () => ({ kind: "wake", cause: "focus" }));
    on(window, "offline", () => ({ kind: "offline" }));
    on(window, "online", () => ({ kind: "wake", cause: "online" }));
    const connection = optional(() => (navigator as NetworkNavigator).connection);
    const typeNow = () => optional(() => connection?.type);
    let type = typeNow();
    // The event also comes when only the browser's estimate of the speed has changed.
    if (connection)
      on(connection, "change", () => (type === (type = typeNow()) ? undefined : { kind: "wake", cause: "network" }));
    // The first pageshow of a page comes when it loads.
    on(window, "pageshow", (event) =>
      (event as PageTransitionEvent).persisted ? { kind: "wake", cause: "pageshow" } : undefined,
    );
    on(window, "pagehide", (event) => ({ kind: "hide", persisted: (event as PageTransitionEvent).persisted }));
    return () => stop.abort();
  },

  askBeforeClosing() {
    const ask = (event: Event) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  },

  beacon(url, body) {
    if (optional(() => navigator.sendBeacon(url, body))) return;
    // Some people switch beacons off. The browser also delivers this request when the page is gone by then.
    const init = { method: "POST", mode: "no-cors", credentials: "omit", keepalive: true, body } as const;
    optional(() => void fetch(url, init).catch(() => {}));
  },
};

/** Where the user forbids `sessionStorage`, the session does not survive a reload. */
const storage: TabStorage = {
  get: (key) => optional(() => sessionStorage.getItem(key), null),
  set: (key, value) => optional(() => sessionStorage.setItem(key, value)),
};

/**
 * Web Locks exist in secure contexts only, and a browser that blocks site data refuses them. Then every tab gets each lock, and
 * the service decides.
 */
const locks: TabLocks = {
  async hold(name, waitMs) {
    const manager = optional(() => navigator.locks);
    if (!manager) return () => {};
    return new Promise((resolve) => {
      const patience = new AbortController();
      const timer = setTimeout(() => {
        patience.abort();
        resolve(undefined);
      }, waitMs);
      const hold = async () =>
        manager.request(name, { signal: patience.signal }, () => {
          clearTimeout(timer);
          return new Promise<void>((release) => resolve(() => release()));
        });
      hold().catch(() => {
        clearTimeout(timer);
        resolve(patience.signal.aborted ? undefined : () => {});
      });
    });
  },
  async whenFree(name, signal) {
    const manager = optional(() => navigator.locks);
    if (!manager) return new Promise(() => {});
    await manager.request(name, { signal, mode: "shared" }, () => {});
  },
};

/** Without channels, or where the browser blocks site data, the tabs do not know of each other. */
function openChannel(name: string, listener: (message: unknown) => void): TabChannel {
  const channel = optional(() => new BroadcastChannel(name));
  optional(() => channel?.addEventListener("message", (event: MessageEvent<unknown>) => listener(event.data)));
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no target, unlike a window
    post: (message) => optional(() => channel?.postMessage(message)),
    close: () => optional(() => channel?.close()),
  };
}

/** 128 random bits in hex; `crypto.randomUUID` exists in secure contexts only. */
function createId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The parts of a real browser. */
export const browserEnvironment: Environment = {
  timers,
  openSocket: (url, protocol) => new WebSocket(url, protocol),
  // Looked up late, because pages replace it.
  fetch: globalThis.fetch && ((url, init) => fetch(url, init)),
  random: Math.random,
  page,
  storage,
  locks,
  openChannel,
  createId,
  pageId: String(optional(() => performance.timeOrigin)),
};
