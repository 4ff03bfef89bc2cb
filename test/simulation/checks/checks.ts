import type { CallEnding } from "../people/page-calls.js";
import type { Page } from "../people/page.js";
import type { ServiceNode } from "../service/node.js";
import { watchAlive } from "./alive.js";
import { Calls } from "./calls.js";
import { CallViews } from "./call-views.js";
import { Deadlines } from "./deadlines.js";
import { Gauges } from "./gauges.js";
import { Leftovers } from "./leftovers.js";
import { Noticing } from "./noticing.js";
import type { Ledger } from "./ledger.js";
import type { Scene } from "./scene.js";
import { Sockets } from "./sockets.js";
import { Views } from "./views.js";

/** How often the check of the gauges runs although nothing has happened, in seconds. */
const SCRAPE_EVERY = 10;
/** How often the check of the views also looks at pages that got no message, in seconds. */
const LOOK_AT_ALL_EVERY = 5;
/** Lifecycle events. The gauges must be right after each of them. */
const STEPS = [
  "opened",
  "detached",
  "resumed",
  "joined",
  "transferred",
  "away",
  "back",
  "left",
  "ended",
  "cleaned",
] as const;

/** All checks of one server process while it runs. */
export class Checks {
  readonly #deadlines: Deadlines;
  readonly #noticing: Noticing;
  readonly #views: Views;
  readonly #leftovers: Leftovers;
  readonly #gauges: Gauges;
  readonly #sockets: Sockets;
  readonly #calls: Calls;
  readonly #callViews: CallViews;
  #seconds = 0;
  #changed = false;

  constructor(scene: Scene, ledger: Ledger, node: ServiceNode) {
    const { lifecycle } = node.service;
    this.#leftovers = new Leftovers(scene, node);
    this.#deadlines = new Deadlines(scene, ledger, node);
    this.#noticing = new Noticing(scene, ledger, node);
    this.#views = new Views(scene, ledger, node);
    this.#gauges = new Gauges(scene, node, ledger, this.#leftovers);
    this.#sockets = new Sockets(scene, ledger, node);
    this.#calls = new Calls(scene, node);
    this.#callViews = new CallViews(scene, { node, ledger, calls: this.#calls });
    watchAlive(scene, ledger, node);
    ledger.onClosed = (sessionId, code) => this.#deadlines.socketEnded(sessionId, code);
    node.onGoodbye = (sessionId) => this.#deadlines.saidGoodbye(sessionId);
    // The ledger listens last: it forgets an ended session, and the other checks still ask about it.
    lifecycle.on("ended", ({ session }) => ledger.sessionEnded(session.id));
    for (const step of STEPS) lifecycle.on(step, () => (this.#changed = true));
  }

  afterStep(): void {
    this.#views.check();
    if (!this.#changed) return;
    this.#changed = false;
    this.#gauges.check();
  }

  everySecond(): void {
    this.#seconds += 1;
    if (this.#seconds % LOOK_AT_ALL_EVERY === 0) this.#views.checkAll();
    this.#deadlines.check();
    this.#noticing.check();
    this.#sockets.check();
    this.#calls.check();
    this.#callViews.check();
    if (this.#seconds % SCRAPE_EVERY === 0) this.#gauges.check();
  }

  /** Runs at rest, when everything had time to finish. */
  atRest(): Promise<void> {
    this.#calls.checkAtRest();
    return this.#leftovers.checkAtRest();
  }

  /** Call this when what a page shows of its room has changed. */
  viewChanged(page: Page): void {
    this.#views.changed(page);
  }

  /** Call this when a page has seen the end of a call. */
  callEnded(ending: CallEnding): void {
    this.#callViews.ended(ending);
  }
}
