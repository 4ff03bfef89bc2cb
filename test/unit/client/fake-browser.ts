/** A browser for tests of the client. The test controls its time, sockets, page, storage, locks and channels. */
import type {
  Environment,
  PageSignal,
  SocketLike,
  TabChannel,
  TabLocks,
  TabStorage,
  Timers,
} from "../../../packages/client/src/environment.js";

export class VirtualTimers implements Timers {
  #now = 1_000_000;
  #clockOffset = 0;
  #nextHandle = 1;
  readonly #due = new Map<number, { at: number; run: () => void }>();

  /** Timers that wait at this moment. */
  get count(): number {
    return this.#due.size;
  }

  now(): number {
    return this.#now + this.#clockOffset;
  }

  /** Somebody sets the machine's clock. Timers that wait do not notice it. */
  setClock(byMs: number): void {
    this.#clockOffset += byMs;
  }

  set(delayMs: number, run: () => void): unknown {
    const handle = this.#nextHandle++;
    this.#due.set(handle, { at: this.#now + delayMs, run });
    return handle;
  }

  clear(handle: unknown): void {
    this.#due.delete(handle as number);
  }

  /** Moves the time. Runs due timers in order, and after each all code that waits only for promises. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#due.delete(next.handle);
      this.#now = next.at;
      next.run();
      await settle();
    }
    this.#now = end;
  }

  /** Moves the time in one step, as when the machine sleeps. All due timers run late, at the end. */
  async sleep(ms: number): Promise<void> {
    this.#now += ms;
    await this.advance(0);
  }

  #next(end: number): { handle: number; at: number; run: () => void } | undefined {
    let first: { handle: number; at: number; run: () => void } | undefined;
    for (const [handle, { at, run }] of this.#due) {
      if (at <= end && (!first || at < first.at)) first = { handle, at: Math.max(at, this.#now), run };
    }
    return first;
  }
}

export interface Request {
  readonly id: number;
  readonly type: string;
  readonly data: Record<string, unknown>;
}

type SocketEventListener = (event: { data?: unknown; code?: number }) => void;

export class FakeSocket implements SocketLike {
  readonly url: string;
  readonly protocol: string;
  readonly sent: string[] = [];
  readyState = 0;
  closedByClient = false;
  /** The code that the client has closed with. */
  closeCode: number | undefined;
  /** Called with each frame that the client sends. */
  onSent: ((frame: Request) => void) | undefined;
  readonly #listeners = new Map<string, SocketEventListener[]>();

  constructor(url: string, protocol: string) {
    this.url = url;
    this.protocol = protocol;
  }

  addEventListener(type: string, listener: SocketEventListener): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  send(text: string): void {
    this.sent.push(text);
    this.onSent?.(JSON.parse(text) as Request);
  }

  close(code?: number): void {
    this.closedByClient = true;
    this.closeCode ??= code;
    this.readyState = 3;
  }

  /** The service accepts the connection. */
  async open(): Promise<void> {
    this.readyState = 1;
    this.#tell("open", {});
    await settle();
  }

  /** A frame comes from the service. */
  async receive(frame: object): Promise<void> {
    this.#tell("message", { data: JSON.stringify(frame) });
    await settle();
  }

  async receiveText(data: string): Promise<void> {
    this.#tell("message", { data });
    await settle();
  }

  /** The service, or the network, closes. */
  async closeWith(code: number): Promise<void> {
    this.readyState = 3;
    this.#tell("close", { code });
    await settle();
  }

  /** Requests of one type that were sent, oldest first. */
  requests(type: string): Request[] {
    const frames = this.sent.map((text) => JSON.parse(text) as Request);
    return frames.filter((frame) => frame.type === type);
  }

  get pings(): string[] {
    return this.sent.filter((text) => text.startsWith('{"type":"ping"'));
  }

  /** Answers the last request of that type. */
  async answer(type: string, data: object): Promise<void> {
    const request = this.requests(type).at(-1);
    if (!request) throw new Error(`no ${type} was sent`);
    await this.receive({ id: request.id, ok: true, data });
  }

  /** Refuses the last request of that type. */
  async refuse(type: string, code: string, more: { retryable?: boolean; data?: object } = {}): Promise<void> {
    const request = this.requests(type).at(-1);
    if (!request) throw new Error(`no ${type} was sent`);
    const error = { code, message: code, retryable: more.retryable ?? false, ...(more.data && { data: more.data }) };
    await this.receive({ id: request.id, ok: false, error });
  }

  #tell(type: string, event: { data?: unknown; code?: number }): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }
}

class FakePage {
  visibility: "visible" | "hidden" = "visible";
  readonly beacons: { url: string; body: string }[] = [];
  asking = 0;
  readonly #listeners = new Set<(signal: PageSignal) => void>();

  get listenerCount(): number {
    return this.#listeners.size;
  }

  listen(listener: (signal: PageSignal) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  askBeforeClosing(): () => void {
    this.asking += 1;
    return () => (this.asking -= 1);
  }

  beacon(url: string, body: string): boolean {
    this.beacons.push({ url, body });
    return true;
  }

  async signal(signal: PageSignal): Promise<void> {
    if (signal.kind === "visible" || signal.kind === "hidden") this.visibility = signal.kind;
    for (const listener of this.#listeners) listener(signal);
    await settle();
  }
}

class FakeStorage implements TabStorage {
  readonly #items = new Map<string, string>();

  get(key: string): string | null {
    return this.#items.get(key) ?? null;
  }

  set(key: string, value: string): void {
    this.#items.set(key, value);
  }

  get keys(): string[] {
    return [...this.#items.keys()];
  }

  /** As the browser does when a tab is duplicated. */
  copy(): FakeStorage {
    const copy = new FakeStorage();
    for (const [key, value] of this.#items) copy.set(key, value);
    return copy;
  }
}

/** What the tabs of one browser share. */
export class SharedBrowser {
  readonly held = new Set<string>();
  readonly #waiting = new Map<string, (() => void)[]>();
  readonly #channels = new Set<{ listener: (message: unknown) => void }>();

  get channelCount(): number {
    return this.#channels.size;
  }

  readonly locks: TabLocks = {
    hold: (name) => {
      if (this.held.has(name)) return Promise.resolve(undefined);
      this.held.add(name);
      return Promise.resolve(() => this.release(name));
    },
    whenFree: (name, signal) =>
      new Promise((resolve, reject) => {
        if (!this.held.has(name)) {
          resolve();
          return;
        }
        signal.addEventListener("abort", () => reject(new Error("aborted")));
        this.#waiting.set(name, [...(this.#waiting.get(name) ?? []), resolve]);
      }),
  };

  /** The tab lets go, or has crashed. */
  release(name: string): void {
    this.held.delete(name);
    for (const resolve of this.#waiting.get(name) ?? []) resolve();
    this.#waiting.delete(name);
  }

  openChannel(listener: (message: unknown) => void): TabChannel {
    const channel = { listener };
    this.#channels.add(channel);
    return {
      post: (message) => {
        for (const other of this.#channels) if (other !== channel) other.listener(message);
      },
      close: () => this.#channels.delete(channel),
    };
  }
}

/** One tab. Its `environment` is given to the client. */
export class FakeBrowser {
  readonly timers = new VirtualTimers();
  readonly page = new FakePage();
  readonly storage: FakeStorage;
  readonly shared: SharedBrowser;
  readonly sockets: FakeSocket[] = [];
  /** Answers the client when it asks why a socket did not open; by default it cannot ask. */
  fetch: Environment["fetch"] = undefined;
  /** What `random` returns. */
  random = 0.5;
  static #ids = 0;
  static #pages = 0;
  /** Another one for each page, so also for each reload. */
  readonly pageId = `page-${++FakeBrowser.#pages}`;

  constructor(shared = new SharedBrowser(), storage = new FakeStorage()) {
    this.shared = shared;
    this.storage = storage;
  }

  get environment(): Environment {
    return {
      timers: this.timers,
      page: this.page,
      storage: this.storage,
      locks: this.shared.locks,
      openChannel: (_name, listener) => this.shared.openChannel(listener),
      openSocket: (url, protocol) => {
        const socket = new FakeSocket(url, protocol);
        this.sockets.push(socket);
        return socket;
      },
      fetch: this.fetch,
      random: () => this.random,
      createId: () => `id-${++FakeBrowser.#ids}`,
      pageId: this.pageId,
    };
  }

  /** The newest socket. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error("no socket was opened");
    return socket;
  }
}

/** Runs all code that waits only for promises. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
