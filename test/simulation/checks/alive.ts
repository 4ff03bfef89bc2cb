import { Page } from "../people/page.js";
import type { ServiceNode } from "../service/node.js";
import type { Session } from "../../../src/session/session.js";
import type { Ledger } from "./ledger.js";
import type { Scene } from "./scene.js";

/**
 * The longest that a client needs to come back while its page runs, its machine is reachable and the service answers: an
 * attempt that was begun too early and ends with its time limit, the longest pause, one more attempt.
 */
const COMEBACK_MS = 45_000;

const NORMAL_CLOSE = 1000;

/**
 * V2: whoever is reaped has no live page. A page is live while its script runs and its machine is reachable. It must not
 * lose its session when it has been live all the time since the service last heard it, nor when it has been live, and the
 * service awake, for longer than any client needs to come back.
 */
export function watchAlive(scene: Scene, ledger: Ledger, node: ServiceNode): void {
  const { world, nameOf, fail } = scene;
  node.lifecycle.on("ghost_found", ({ session, verdict }) => {
    const page = ledger.owners.get(session.id)?.socket.page.tasks;
    if (!(page instanceof Page) || page.liveSince === undefined || !holds(page, session)) return;
    // A client that has given up its line closes it like a page that goes, and is believed.
    if (verdict.cause === "page_closed" && ledger.closedWith.get(session.id) === NORMAL_CLOSE) return;
    const heardAt = ledger.heardAt.get(session.id) ?? Infinity;
    const forMs = world.now.at - page.liveSince;
    const who = `${page.name} (${nameOf(session.id)}) was reaped as ${verdict.cause}`;
    if (page.liveSince <= heardAt) fail("V2", `${who} although its page was live ever since it was last heard`);
    else if (forMs - node.loop.stoppedSince(page.liveSince) > COMEBACK_MS) {
      fail("V2", `${who} although its page has been live for ${Math.round(forMs / 1000)} s`);
    }
  });
}

/** Whether the page counts on the session. One that may run its timers once a minute only cannot come back in time. */
function holds(page: Page, session: Session): boolean {
  const { client } = page;
  if (client.session?.sessionId !== session.id || client.state === "disconnected") return false;
  return client.state === "connected" || !page.throttled;
}
