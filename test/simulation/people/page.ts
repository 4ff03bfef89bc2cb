import { connect, type LastseenClient, type PageSignal } from "@lastseen/client";
import type { CountKind } from "../checks/scene.js";
import type { DuplicatePolicy } from "../../../src/room/duplicates.js";
import type { Listening } from "../world/dial.js";
import type { PageSocket, Tasks } from "../world/page-socket.js";
import { Peer } from "../world/peer.js";
import type { World } from "../world/world.js";
import { browserOf } from "./browser.js";
import type { Machine } from "./machine.js";
import { PageCalls, type CallEnding } from "./page-calls.js";
import { PageMedia } from "./page-media.js";
import { PageTimers } from "./page-timers.js";

/** The parts of the simulation that a page uses. */
export interface Surroundings {
  readonly world: World;
  /** The server process that takes connections now. */
  readonly service: () => (Listening & { goodbye(sessionId: string, resumeToken: string): void }) | undefined;
  readonly peers: Map<string, Peer>;
  /** All pages. */
  readonly pages: Set<Page>;
  /** Returns a token for a user when the service asks for tokens. */
  readonly getToken: ((userId: string) => string) | undefined;
  readonly note: (who: string, what: string) => void;
  /** A short name of a call. */
  readonly callNamed: (callId: string) => string;
  /** Call this when what a page shows of its room has changed. */
  readonly viewChanged: (page: Page) => void;
  /** Call this when a page has seen the end of a call. */
  readonly callEnded: (ending: CallEnding) => void;
  /** Adds one to a count. */
  readonly count: (kind: CountKind, what: string) => void;
}

export interface PageOptions {
  readonly name: string;
  readonly machine: Machine;
  readonly userId: string;
  /** The tab's storage. It stays when the page is reloaded. */
  readonly storage: Map<string, string>;
  /** Whether the page sends media when it is in a room. */
  readonly sends: boolean;
  /** The users that its user may call; empty when its user calls nobody. */
  readonly friends: readonly string[];
}

/** After this time in the background a browser runs a page's timers only once a minute, unless the page is in a call. */
const THROTTLE_AFTER_MS = 5 * 60_000;
const THROTTLED_MS = 60_000;
const GOING_AWAY = 1001;

/**
 * One loaded page with the real client, and everything that a browser, its user and its machine can do to it. A reload ends
 * the page. The next page has the same storage.
 */
export class Page implements Tasks {
  readonly name: string;
  readonly userId: string;
  readonly machine: Machine;
  readonly client: LastseenClient;
  readonly peer: Peer;
  /** The client's listener for signals of the browser. */
  listener: ((signal: PageSignal) => void) | undefined = undefined;
  hidden = false;
  throttled = false;
  /** Whether its script does not run, because it is frozen, hung or stopped. */
  suspended = false;
  /** Whether it has told the service that the browser freezes it. */
  saidFrozen = false;
  gone = false;
  /** Since when its script runs and its machine is reachable; undefined when one of the two is false. */
  liveSince: number | undefined;
  /** When the page sent the last frame that the service has read. */
  heardOf = -Infinity;
  /** When its connections last died without notice to either end. */
  cutOffAt = -Infinity;
  /** Since when neither the page nor its browser can reach the service; undefined while one can. */
  unreachableSince: number | undefined;
  readonly #around: Surroundings;
  readonly #timers: PageTimers;
  /** Sockets that may still be open. `locks` holds how to release each lock. */
  readonly sockets = new Set<PageSocket>();
  readonly locks = new Set<() => void>();
  readonly media: PageMedia | undefined;
  readonly calls: PageCalls | undefined;
  /** Tasks that wait because the page does not run. `#tasks` counts the tasks that other tabs have sent. */
  #waiting: (() => void)[] = [];
  #tasks = 0;
  #hiddenTimes = 0;
  /** Whether the page is throttled and its timers wait for their moment of the minute. */
  #timersWait = false;
  /** Whether the page's whole process is stopped. */
  #stopped = false;

  constructor(around: Surroundings, options: PageOptions) {
    const { world, getToken } = around;
    this.#around = around;
    this.name = options.name;
    this.userId = options.userId;
    this.machine = options.machine;
    this.peer = new Peer(world);
    around.peers.set(this.name, this.peer);
    this.#timers = new PageTimers({
      world,
      clock: () => world.now.at + this.machine.clockOffset,
      mayRun: () => !this.suspended && !this.#timersWait && this.machine.awake,
    });
    this.machine.pages.add(this);
    around.pages.add(this);
    this.client = connect({
      log: false,
      url: "http://service",
      environment: browserOf(this, around, options.storage, this.#timers),
      ...(getToken ? { getToken: () => getToken(this.userId) } : { user: { id: this.userId } }),
    });
    for (const event of ["state", "joined", "left"] as const) {
      this.client.on(event, (payload) => this.#note(event, payload));
    }
    for (const event of ["state", "joined", "left", "roster"] as const) {
      this.client.on(event, () => around.viewChanged(this));
    }
    this.media = options.sends ? new PageMedia(this, world) : undefined;
    this.calls = options.friends.length > 0 ? new PageCalls(this, around, options.friends) : undefined;
    this.review();
  }

  get connected(): boolean {
    return !this.gone && this.client.state === "connected";
  }

  /** Whether answers to it take longer than the service waits for them. */
  get isDelayed(): boolean {
    for (const socket of this.sockets) if (socket.isDelayed) return true;
    return false;
  }

  /** Whether its connection is dead and the client has not noticed yet. */
  get isCutOff(): boolean {
    for (const socket of this.sockets) if (socket.isDead) return true;
    return false;
  }

  /** Whether nothing is under way in either direction and no task waits. */
  get isQuiet(): boolean {
    for (const socket of this.sockets) if (socket.busy) return false;
    return this.#tasks === 0 && this.#waiting.length === 0 && !this.suspended;
  }

  /** Asks to join a room. The client's events tell the result. @param refused called when the join fails */
  join(roomId: string, onDuplicate?: DuplicatePolicy, refused = (): void => {}): void {
    this.client.join(roomId, onDuplicate ? { onDuplicate } : {}).catch(refused);
  }

  /** What a stopped client has not released. */
  get left(): string[] {
    const open = [...this.sockets].filter((socket) => !socket.isClosed).length;
    const counts = {
      timers: this.#timers.size,
      listeners: this.listener ? 1 : 0,
      locks: this.locks.size,
      channels: this.machine.channelsOf(this),
      sockets: open,
    };
    return Object.entries(counts).flatMap(([what, count]) => (count > 0 ? [`${count} ${what}`] : []));
  }

  says(): () => void {
    const { at } = this.#around.world.now;
    return () => (this.heardOf = at);
  }

  task(run: () => void): void {
    if (this.gone) return;
    if (this.suspended || !this.machine.awake) this.#waiting.push(run);
    else run();
  }

  /** Runs a task a little later. It comes from another tab of the browser. */
  laterTask(run: () => void): void {
    this.#tasks += 1;
    this.#around.world.after(1, () => {
      this.#tasks -= 1;
      this.task(run);
    });
  }

  /** Gives a signal of the browser to the client, now or when the page runs again. */
  signal(signal: PageSignal): void {
    this.task(() => this.listener?.(signal));
  }

  /** Call this when the page's ability to run or to reach the service may have changed. */
  review(): void {
    const live = !this.gone && !this.suspended && this.machine.reachable;
    this.peer.alive = !this.gone && !this.#stopped && this.machine.reachable;
    if (!live) this.liveSince = undefined;
    else this.liveSince ??= this.#around.world.now.at;
    if (!this.gone && this.machine.reachable) this.unreachableSince = undefined;
    else this.unreachableSince ??= this.#around.world.now.at;
    if (!this.gone) this.#catchUp();
  }

  hide(): void {
    if (this.hidden) return;
    this.hidden = true;
    const times = ++this.#hiddenTimes;
    this.signal({ kind: "hidden" });
    if (this.media) return;
    this.#around.world.after(THROTTLE_AFTER_MS, () => {
      if (!this.hidden || times !== this.#hiddenTimes || this.gone) return;
      this.throttled = true;
      this.#beatThrottled(times);
    });
  }

  show(): void {
    if (!this.hidden) return;
    this.hidden = false;
    this.#hiddenTimes += 1;
    // A client whose timers run once a minute does not come back in time.
    if (this.throttled && (!this.connected || this.isCutOff)) this.liveSince &&= this.#around.world.now.at;
    this.throttled = false;
    this.#timersWait = false;
    this.#catchUp();
    this.signal({ kind: "visible" });
    this.signal({ kind: "wake", cause: "focus" });
  }

  /** The browser freezes a hidden page. */
  freeze(): void {
    this.signal({ kind: "frozen" });
    this.saidFrozen = this.connected;
    this.suspend(false);
  }

  /** Stops its script. @param peerToo also stops the whole process, and its media with it */
  suspend(peerToo: boolean): void {
    this.suspended = true;
    this.#stopped = peerToo;
    this.review();
  }

  /** Lets the script run again. @param told the event by which the browser tells the page, if it does */
  resume(told?: "resume" | "pageshow"): void {
    if (this.gone) return;
    this.suspended = false;
    this.saidFrozen = false;
    this.#stopped = false;
    this.review();
    if (told) this.signal({ kind: "wake", cause: told });
  }

  /** Its user goes to another page. The browser keeps this page in its back/forward cache, but closes its sockets. */
  keepForLater(): void {
    this.signal({ kind: "hide", persisted: true });
    for (const socket of this.sockets) socket.drop(GOING_AWAY);
    this.suspend(true);
  }

  /** Its machine has moved to another network. The browser closes the old sockets on this side only. */
  moveNetwork(): void {
    for (const socket of this.sockets) socket.drop(GOING_AWAY);
    this.peer.move();
  }

  /** The user closes or leaves the page. The page says goodbye and the browser closes its sockets. */
  unload(): void {
    this.task(() => this.listener?.({ kind: "hide", persisted: false }));
    for (const socket of this.sockets) socket.leave();
    if (this.#around.world.chance(0.7)) this.peer.end(this.machine.network.latency());
    this.#end();
  }

  /** The page's process dies, and the browser or the system closes its sockets. */
  crash(properly: boolean): void {
    for (const socket of this.sockets) {
      if (properly) socket.leave();
      else if (this.#around.world.chance(0.5)) socket.abandon();
      else socket.break();
    }
    this.#end();
  }

  vanish(): void {
    for (const socket of this.sockets) socket.vanish();
    this.#end();
  }

  /** Counts the page's live time from now on, when a fault hits the page while it is coming back. */
  hitAgain(): void {
    if (!this.connected) this.liveSince &&= this.#around.world.now.at;
  }

  /** Breaks its connection in place of the next answer. The service has done the request, and the page does not learn it. */
  loseAnswer(): void {
    for (const socket of this.sockets) {
      socket.loseAnswer = () => {
        this.hitAgain();
        socket.break();
      };
    }
  }

  /** Delays answers on a living connection, so that the client may have given its requests up. */
  delayAnswers(ms: number): void {
    for (const socket of this.sockets) socket.delayAnswers(ms);
  }

  /** Notes that its connections are dead. The client notices only when no pong comes. */
  cutOff(): void {
    this.cutOffAt = this.#around.world.now.at;
  }

  breakSockets(): void {
    this.hitAgain();
    for (const socket of this.sockets) socket.break();
  }

  #end(): void {
    this.gone = true;
    this.#around.peers.delete(this.name);
    this.#timers.stop();
    this.#waiting = [];
    this.machine.forget(this);
    this.#around.pages.delete(this);
    for (const release of this.locks) release();
    this.review();
  }

  #catchUp(): void {
    if (this.suspended || !this.machine.awake) return;
    if (!this.#timersWait) this.#timers.catchUp();
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#tasks += waiting.length;
    for (const run of waiting) {
      this.#around.world.after(0, () => {
        this.#tasks -= 1;
        this.task(run);
      });
    }
  }

  #beatThrottled(times: number): void {
    if (this.gone || times !== this.#hiddenTimes) return;
    this.#timersWait = false;
    this.#catchUp();
    this.#around.world.after(0.5, () => {
      if (this.gone || times !== this.#hiddenTimes) return;
      this.#timersWait = true;
      this.#around.world.after(THROTTLED_MS, () => this.#beatThrottled(times));
    });
  }

  #note(
    event: string,
    payload: { state?: string; reason?: string | undefined; how?: string; transferred?: boolean },
  ): void {
    const { state, how, transferred, reason } = payload;
    const words = [event, state, how, transferred ? "transferred" : undefined, reason];
    this.#around.note(this.name, words.filter((word) => word !== undefined).join(" "));
  }
}
