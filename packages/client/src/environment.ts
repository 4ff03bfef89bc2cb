/**
 * What the client needs from the browser. Each part can be replaced, for example in tests or in an embedded web view.
 * `browser.ts` has the parts of a real browser.
 */

/** A clock in milliseconds that goes on while the machine sleeps, and one-shot timers. */
export interface Timers {
  now(): number;
  set(delayMs: number, run: () => void): unknown;
  clear(handle: unknown): void;
}

/** The part of a `WebSocket` that the client uses. */
export interface SocketLike {
  readonly readyState: number;
  /** A `message` event has `data`, a `close` event `code`. */
  addEventListener(
    type: "open" | "message" | "close",
    listener: (event: { data?: unknown; code?: number }) => void,
  ): void;
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** What happens to the page and matters to a session. */
export type PageSignal =
  | { kind: "visible" | "hidden" | "frozen" }
  /**
   * The page may have slept, or its network has changed (`online`, `network`), and its connections may be dead. `pageshow`:
   * it is back from the back/forward cache.
   */
  | { kind: "wake"; cause: "focus" | "online" | "network" | "pageshow" | "resume" }
  /** The browser says that there is no network. */
  | { kind: "offline" }
  /** The page goes away. `persisted`: it may come back out of the back/forward cache. */
  | { kind: "hide"; persisted: boolean };

/** The page's lifecycle. */
export interface PageSource {
  readonly visibility: "visible" | "hidden";
  /** Starts to listen; the returned function stops it and leaves no listener behind. */
  listen(listener: (signal: PageSignal) => void): () => void;
  /** Makes the browser ask before the page is closed, until the returned function is called. */
  askBeforeClosing(): () => void;
  /** Hands a last message to the browser, which delivers it even if the page is gone by then. */
  beacon(url: string, body: string): void;
}

/** Storage that belongs to one tab and survives its reload, such as `sessionStorage`. Never throws. */
export interface TabStorage {
  get(key: string): string | null;
  set(key: string, value: string): void;
}

/** Locks by name; one tab of the browser at a time can hold each. */
export interface TabLocks {
  /** Resolves to a function that releases the lock, or to `undefined` when another tab still holds it after `waitMs`. */
  hold(name: string, waitMs: number): Promise<(() => void) | undefined>;
  /** Resolves when no tab holds the lock any more; never in a browser without locks. */
  whenFree(name: string, signal: AbortSignal): Promise<void>;
}

/** Sends messages to the other tabs of the same origin. */
export interface TabChannel {
  post(message: unknown): void;
  close(): void;
}

/** Everything that can be replaced. */
export interface Environment {
  readonly timers: Timers;
  readonly openSocket: (url: string, protocol: string) => SocketLike;
  /** Asks why a WebSocket could not be opened; `undefined`: the client cannot know why. */
  readonly fetch: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** Uniform in [0, 1), like `Math.random`. */
  readonly random: () => number;
  readonly page: PageSource;
  readonly storage: TabStorage;
  readonly locks: TabLocks;
  readonly openChannel: (name: string, listener: (message: unknown) => void) => TabChannel;
  readonly createId: () => string;
  /** Names this load of the page: the clients of one page see the same, those of another page or after a reload another. */
  readonly pageId: string;
}
