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

/** What a page finds around it. */
export interface Surroundings {
  readonly world: World;
  /** The server process that takes connections now. */
  readonly service: () => (Listening & { goodbye(sessionId: string, resumeToken: string): void }) | undefined;
  readonly peers: Map<string, Peer>;
  /** All pages there are. */
  readonly pages: Set<Page>;
  /** Returns a token for a user when the service asks for tokens. */
  readonly getToken: ((userId: string) => string) | undefined;
  readonly note: (who: string, what: string) => void;
  /** A short name of a call. */
  readonly callNamed: (callId: string) => string;
  /** What a page shows of its room has changed. */
  readonly viewChanged: (page: Page) => void;
  /** A page has seen the end of a call. */
  readonly callEnded: (ending: CallEnding) => void;
  /** Something has happened once more. */
  readonly count: (kind: CountKind, what: string) => void;
}

export interface PageOptions {
  readonly name: string;
  readonly machine: Machine;
  readonly userId: string;
  /** The tab's own storage; outlives the page when it is reloaded. */
  readonly storage: Map<string, string>;
  /** Whether it sends media when it is in a room. */
  readonly sends: boolean;
  /** Whom its user may call, if it is somebody who calls. */
  readonly friends: readonly string[];
}

/** After so long in the background a browser lets timers run once a minute only, unless the page is in a call. */
const THROTTLE_AFTER_MS = 5 * 60_000;
const THROTTLED_MS = 60_000;
const GOING_AWAY = 1001;

/**
 * One loaded page with the real client in it, and all that a browser, its user and its machine can do to it. Ends with a
 * reload: what comes after it is another page with the same storage.
 */
export class Page implements Tasks {
  readonly name: string;
  readonly userId: string;
  readonly machine: Machine;
  readonly client: LastseenClient;
  readonly peer: Peer;
  /** The script's listener for what the browser tells. */
  listener: ((signal: PageSignal) => void) | undefined = undefined;
  hidden = false;
  throttled = false;
  /** Its script does not run: frozen, hung or stopped. */
  suspended = false;
  gone = false;
  /** Since when its script runs and its machine is reachable; undefined when that is not so. */
  liveSince: number | undefined;
  /** When it said the last of what has arrived at the service. */
  heardOf = -Infinity;
  /** When its connections last died without a word. */
  cutOffAt = -Infinity;
  /** Since when nothing can come from it, not even from its browser; undefined while something can. */
  unreachableSince: number | undefined;
  readonly #around: Surroundings;
  readonly #timers: PageTimers;
  /** Sockets that are perhaps still open, and locks that are held. */
  readonly sockets = new Set<PageSocket>();
  readonly locks = new Set<() => void>();
  readonly media: PageMedia | undefined;
  readonly calls: PageCalls | undefined;
  /** What the page could not be told while it did not run, and how much of it is on its way to it now. */
  #waiting: (() => void)[] = [];
  #tasks = 0;
  #hiddenTimes = 0;
  /** Throttled, and this is not the moment of the minute at which timers come. */
  #timersWait = false;
  /** Suspended with its whole process. */
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

  /** Its connection is dead, and it has not noticed yet. */
  get isCutOff(): boolean {
    for (const socket of this.sockets) if (socket.isDead) return true;
    return false;
  }

  /** Nothing is on its way in either direction and nothing waits. */
  get isQuiet(): boolean {
    for (const socket of this.sockets) if (socket.busy) return false;
    return this.#tasks === 0 && this.#waiting.length === 0 && !this.suspended;
  }

  /** Enters a room; what becomes of it is told by the client's events. @param refused called when it can't be entered */
  join(roomId: string, onDuplicate?: DuplicatePolicy, refused = (): void => {}): void {
    this.client.join(roomId, onDuplicate ? { onDuplicate } : {}).catch(refused);
  }

  /** What a client that was told to stop has left behind. */
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

  /** A task that comes a little later, from another tab of the browser. */
  laterTask(run: () => void): void {
    this.#tasks += 1;
    this.#around.world.after(1, () => {
      this.#tasks -= 1;
      this.task(run);
    });
  }

  /** The browser tells the page something, if it can. */
  signal(signal: PageSignal): void {
    this.task(() => this.listener?.(signal));
  }

  /** Whether it can run or be reached has perhaps changed. */
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
    // With timers that come once a minute nobody finds the way back in time.
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
    this.suspend(false);
  }

  /** Its script stands still. @param peerToo the whole process is stopped, and its media with it */
  suspend(peerToo: boolean): void {
    this.suspended = true;
    this.#stopped = peerToo;
    this.review();
  }

  /** @param told how the browser tells the page that it was stopped, if it does */
  resume(told?: "resume" | "pageshow"): void {
    if (this.gone) return;
    this.suspended = false;
    this.#stopped = false;
    this.review();
    if (told) this.signal({ kind: "wake", cause: told });
  }

  /** Its user goes to another page, and the browser keeps this one for the way back, but not its sockets. */
  keepForLater(): void {
    this.signal({ kind: "hide", persisted: true });
    for (const socket of this.sockets) socket.drop(GOING_AWAY);
    this.suspend(true);
  }

  /** Its machine is in another network now; the sockets of the old one are closed on this side. */
  moveNetwork(): void {
    for (const socket of this.sockets) socket.drop(GOING_AWAY);
    this.peer.move();
  }

  /** Closed or left by the user: the page says goodbye and the browser closes its sockets. */
  unload(): void {
    this.task(() => this.listener?.({ kind: "hide", persisted: false }));
    for (const socket of this.sockets) socket.leave();
    if (this.#around.world.chance(0.7)) this.peer.end(this.machine.network.latency());
    this.#end();
  }

  /** The page's process dies; the browser, or the system, closes its sockets. */
  crash(properly: boolean): void {
    for (const socket of this.sockets) {
      if (properly) socket.leave();
      else socket.break();
    }
    this.#end();
  }

  vanish(): void {
    for (const socket of this.sockets) socket.vanish();
    this.#end();
  }

  /** What hits a page on its way back starts the count of its life anew. */
  hitAgain(): void {
    if (!this.connected) this.liveSince &&= this.#around.world.now.at;
  }

  /** Its connection breaks when the next answer is on its way: what was asked for has been done, and it does not hear so. */
  loseAnswer(): void {
    for (const socket of this.sockets) {
      socket.loseAnswer = () => {
        this.hitAgain();
        socket.break();
      };
    }
  }

  /** Answers come so late that it has perhaps given them up, on a connection that is alive. */
  delayAnswers(ms: number): void {
    for (const socket of this.sockets) socket.delayAnswers(ms);
  }

  /** It will only notice when no pong comes. */
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
