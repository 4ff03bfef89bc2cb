import type { Page } from "../people/page.js";
import type { ServiceNode } from "../service/node.js";
import type { Session } from "../../../src/session/session.js";
import type { Ledger } from "./ledger.js";
import type { Scene } from "./scene.js";

/**
 * The longest that a client needs to come back while its page runs, its machine is reachable and the service answers: an
 * attempt that was begun too early and ends with its time limit, the longest pause, one more attempt.
 */
const COMEBACK_MS = 45_000;

/**
 * V2: whoever is reaped has no live page. A page is live while its script runs and its machine is reachable. It must not
 * lose its session when it has been live all the time since the service last heard it, nor when it has been live, and the
 * service awake, for longer than any client needs to come back.
 */
export class Alive {
  readonly #scene: Scene;
  readonly #ledger: Ledger;
  readonly #node: ServiceNode;
  /** How long the service had stood still when each page became live. */
  readonly #liveAt = new WeakMap<Page, { since: number; stoppedMs: number }>();

  constructor(scene: Scene, ledger: Ledger, node: ServiceNode) {
    this.#scene = scene;
    this.#ledger = ledger;
    this.#node = node;
    node.lifecycle.on("ghost_found", ({ session, verdict }) => this.#reaped(session, verdict.cause));
  }

  /** Asked every second. */
  check(): void {
    for (const page of this.#scene.pages) {
      const { liveSince } = page;
      if (liveSince === undefined) this.#liveAt.delete(page);
      else if (this.#liveAt.get(page)?.since !== liveSince) {
        this.#liveAt.set(page, { since: liveSince, stoppedMs: this.#node.loop.stoppedMs });
      }
    }
  }

  #reaped(session: Session, cause: string): void {
    const page = this.#ledger.owners.get(session.id)?.socket.page.tasks;
    for (const candidate of this.#scene.pages) {
      if (candidate !== page || !holds(candidate, session) || candidate.liveSince === undefined) continue;
      const { nameOf, fail, world } = this.#scene;
      const heardAt = this.#ledger.heardAt.get(session.id) ?? Infinity;
      const forMs = world.now.at - candidate.liveSince;
      const who = `${candidate.name} (${nameOf(session.id)}) was reaped as ${cause}`;
      if (candidate.liveSince <= heardAt) fail("V2", `${who} although its page was live ever since it was last heard`);
      else if (forMs - this.#stoppedSince(candidate) > COMEBACK_MS) {
        fail("V2", `${who} although its page has been live for ${Math.round(forMs / 1000)} s`);
      }
    }
  }

  #stoppedSince(page: Page): number {
    return this.#node.loop.stoppedMs - (this.#liveAt.get(page)?.stoppedMs ?? 0);
  }
}

/** Whether the page counts on the session. One that may run its timers once a minute only cannot come back in time. */
function holds(page: Page, session: Session): boolean {
  const { client } = page;
  if (client.session?.sessionId !== session.id || client.state === "disconnected") return false;
  return client.state === "connected" || !page.throttled;
}
