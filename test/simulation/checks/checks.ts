import type { ServiceNode } from "../service/node.js";
import { watchAlive } from "./alive.js";
import { Deadlines } from "./deadlines.js";
import { Gauges } from "./gauges.js";
import { Leftovers } from "./leftovers.js";
import type { Ledger } from "./ledger.js";
import type { Scene } from "./scene.js";
import { Views } from "./views.js";

/** How often what is shown to Prometheus is compared with what there is, in seconds. */
const SCRAPE_EVERY = 10;

/** All that is checked of one server process while it runs. */
export class Checks {
  readonly #deadlines: Deadlines;
  readonly #views: Views;
  readonly #leftovers: Leftovers;
  readonly #gauges: Gauges;
  #seconds = 0;

  constructor(scene: Scene, ledger: Ledger, node: ServiceNode) {
    this.#leftovers = new Leftovers(scene, node);
    this.#deadlines = new Deadlines(scene, ledger, node);
    this.#views = new Views(scene, ledger, node);
    this.#gauges = new Gauges(scene, node, ledger, this.#leftovers);
    watchAlive(scene, ledger, node);
    ledger.onClosed = (sessionId, code) => this.#deadlines.socketEnded(sessionId, code);
    node.onGoodbye = (sessionId) => this.#deadlines.saidGoodbye(sessionId);
    // After the others: what they ask the ledger about a session is gone with its end.
    node.lifecycle.on("ended", ({ session }) => ledger.sessionEnded(session.id));
  }

  everySecond(): void {
    this.#seconds += 1;
    this.#views.check();
    this.#deadlines.check();
    if (this.#seconds % SCRAPE_EVERY === 0) this.#gauges.check();
  }

  /** Everything has had the time that it needs to come to its end. */
  atRest(): Promise<void> {
    return this.#leftovers.checkAtRest();
  }
}
