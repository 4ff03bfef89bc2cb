import { Page } from "../people/page.js";
import type { ServiceNode } from "../service/node.js";
import type { Session } from "../../../src/session/session.js";
import type { Ledger } from "./ledger.js";
import type { Scene } from "./scene.js";

/**
 * The longest time that a client needs to come back while its page runs, its machine is reachable and the service answers:
 * an attempt that began too early and runs into its time limit (10 s), the longest pause (15 s), and one more attempt.
 */
const COMEBACK_MS = 28_000;
/** After this time, counted from a stall or from the loss of its connection, every client has come back. */
const SOME_TIME_MS = 60_000;

/**
 * V2: the service reaps no session whose page is live. A page is live while its script runs and its machine is reachable. It
 * must not lose its session in two cases: it has been live since the service last heard it, or it has been live, and the
 * service awake, for longer than any client needs to come back.
 */
export function watchAlive(scene: Scene, ledger: Ledger, node: ServiceNode): void {
  const { world, nameOf, fail } = scene;
  const { lifecycle } = node.service;
  const pageOf = ({ id }: Session): Page | undefined => {
    const page = ledger.owners.get(id)?.socket.page.tasks;
    return page instanceof Page && page.liveSince !== undefined ? page : undefined;
  };
  /** The service ends the socket of a session whose token has expired, perhaps much earlier than the page notices. */
  const isOutOfReach = (page: Page, { evidence: { socketEnd } }: Session): boolean =>
    socketEnd?.kind === "token_expired" && world.now.at - page.cutOffAt < SOME_TIME_MS;
  /** Sessions whose page did not receive the answer with its new token. The page begins a new session. */
  const refused = new Set<string>();
  lifecycle.on("resume_refused", ({ sessionId }) => refused.add(sessionId));
  lifecycle.on("ended", ({ session: { id } }) => refused.delete(id));
  // This breaks no invariant, but it is a flaw: the service takes it back as soon as the page answers.
  lifecycle.on("away", ({ session, cause }) => {
    const page = pageOf(session);
    if (cause !== "silent" || !page?.connected || node.loop.stoppedSince(world.now.at - SOME_TIME_MS) > 0) return;
    if (world.now.at - (page.liveSince ?? world.now.at) <= SOME_TIME_MS) return;
    scene.count("check", page.throttled ? "V2 a throttled page is shown as away" : "V2 a live page is shown as away");
  });
  lifecycle.on("ghost_found", ({ session, verdict }) => {
    const page = pageOf(session);
    if (page?.liveSince === undefined) {
      scene.count("check", "V2 ghosts without a live page");
      return;
    }
    if (!holds(page, session) || refused.has(session.id) || isOutOfReach(page, session)) {
      scene.count("check", "V2 ghosts that their page has given up");
      return;
    }
    scene.count("check", "V2 ghosts whose page came too late");
    // Frames that the page sent before it was suspended can arrive when it runs again.
    const heardOf = Math.min(ledger.heardAt.get(session.id) ?? Infinity, page.heardOf);
    const forMs = world.now.at - page.liveSince;
    const who = `${page.name} (${nameOf(session.id)}) was reaped as ${verdict.cause}`;
    if (page.liveSince <= heardOf) fail("V2", `${who} although its page was live ever since it was last heard`);
    else if (forMs - node.loop.stoppedSince(page.liveSince) > COMEBACK_MS) {
      fail("V2", `${who} although its page has been live for ${Math.round(forMs / 1000)} s`);
    }
  });
}

/**
 * Whether the page relies on the session. A page whose timers run only once a minute does not notice in time that its
 * connection is dead, and does not come back in time.
 */
function holds(page: Page, session: Session): boolean {
  const { client } = page;
  if (client.session?.sessionId !== session.id || client.state === "disconnected") return false;
  return !page.throttled || (client.state === "connected" && !page.isCutOff);
}
