/**
 * V8: a session that somebody watches is shown as away soon after its page stopped answering. V9: a session whose page answers
 * is not shown as away.
 */
import { Page } from "../people/page.js";
import type { Session } from "../../../src/session/session.js";
import type { ServiceNode } from "../service/node.js";
import { SETTINGS } from "../service/settings.js";
import type { Ledger } from "./ledger.js";
import type { Scene } from "./scene.js";

/** Tolerance for the delay of packets, for a process that is a little late all the time, and for the second between two checks. */
const SLACK_MS = 4_000;
/** From the last sign of life of a page that cannot be reached: two pings, and the time to answer the second one. */
const UNREACHABLE_MS = 9_000;
/** From the last message of a page whose script stands still: until the probe, and the time to answer it. */
const STANDS_STILL_MS = 2 * SETTINGS.probeMs;
/** From the message of a page that it is being frozen. */
const FROZEN_MS = 1_000;
/** The process may be a little late all the time. Only a longer stop counts for the clients. */
const LONG_STOP_MS = 2_000;
/** A page that has been well for so long has answered everything that it was asked. */
const WELL_MS = 45_000;
/** These causes rest on a question that was not answered. */
const UNANSWERED: ReadonlySet<string> = new Set(["silent", "connection_lost", "page_stopped"]);

/** What a page cannot do, since when, and how long the service may take to notice. */
interface Trouble {
  readonly what: string;
  readonly since: number;
  readonly boundMs: number;
}

export class Noticing {
  readonly #scene: Scene;
  readonly #ledger: Ledger;
  readonly #node: ServiceNode;
  readonly #watchedSince = new Map<string, number>();
  readonly #troubles = new Map<string, Trouble>();
  /** When the page of a session was last seen to be out of order, or its session to be new. */
  readonly #unwellAt = new Map<string, number>();

  constructor(scene: Scene, ledger: Ledger, node: ServiceNode) {
    this.#scene = scene;
    this.#ledger = ledger;
    this.#node = node;
    const { lifecycle } = node.service;
    lifecycle.on("away", ({ session, cause }) => this.#shownAway(session, cause));
    lifecycle.on("ended", ({ session: { id } }) => {
      for (const record of [this.#watchedSince, this.#troubles, this.#unwellAt]) record.delete(id);
    });
  }

  /** Runs every second. */
  check(): void {
    if (this.#node.loop.isStopped) return;
    for (const session of this.#node.service.registry.all()) {
      if (session.status !== "open" || !session.connection) {
        this.#unwellAt.set(session.id, this.#scene.world.now.at);
        continue;
      }
      this.#follow(session);
      this.#checkNoticed(session);
    }
  }

  #follow(session: Session): void {
    const { id } = session;
    const now = this.#scene.world.now.at;
    const { participation } = session;
    const members = this.#node.service.rooms.find(participation?.roster.id ?? "")?.members.size ?? 0;
    if (members < 2 || participation?.role === "audience") this.#watchedSince.delete(id);
    else if (!this.#watchedSince.has(id)) this.#watchedSince.set(id, now);
    const trouble = this.#troubleOf(session);
    const before = this.#troubles.get(id);
    if (!trouble) this.#troubles.delete(id);
    else if (before?.what !== trouble.what) this.#troubles.set(id, trouble);
    if (trouble || !this.#unwellAt.has(id) || this.#pageOf(id)?.isDelayed) this.#unwellAt.set(id, now);
  }

  #checkNoticed({ id, shown }: Session): void {
    const { world, nameOf, fail, count } = this.#scene;
    const trouble = this.#troubles.get(id);
    const watchedSince = this.#watchedSince.get(id);
    if (!trouble || watchedSince === undefined) return;
    const since = Math.max(trouble.since, watchedSince, this.#ledger.heardAt.get(id) ?? 0);
    const lateMs =
      world.now.at - since - trouble.boundMs - this.#node.loop.stoppedSince(since, LONG_STOP_MS) - SLACK_MS;
    if (lateMs <= 0) return;
    if (shown === "away") count("check", `V8 away in time: ${trouble.what}`);
    else fail("V8", `${nameOf(id)} is shown as present ${Math.round(lateMs)} ms too long: ${trouble.what}`);
  }

  /** Since when the page cannot be reached, or its script stands still. The check sees it at most a second late. */
  #troubleOf({ id }: Session): Trouble | undefined {
    const page = this.#pageOf(id);
    if (!page) return undefined;
    const now = this.#scene.world.now.at;
    if (page.unreachableSince !== undefined || page.isCutOff) {
      return { what: "cannot be reached", since: now, boundMs: UNREACHABLE_MS };
    }
    if (!page.suspended) return undefined;
    if (page.saidFrozen) return { what: "is frozen", since: now, boundMs: FROZEN_MS };
    return { what: "stands still", since: now, boundMs: STANDS_STILL_MS };
  }

  #shownAway(session: Session, cause: string): void {
    const { world, nameOf, fail, count } = this.#scene;
    if (!UNANSWERED.has(cause) || !session.connection) return;
    const well = world.now.at - (this.#unwellAt.get(session.id) ?? world.now.at);
    const page = this.#pageOf(session.id);
    const isWell = page?.connected && !page.suspended && !page.isCutOff && page.unreachableSince === undefined;
    if (!isWell || well < WELL_MS || this.#node.loop.stoppedSince(world.now.at - WELL_MS, LONG_STOP_MS) > 0) return;
    count("check", "V9 away while well");
    fail("V9", `${nameOf(session.id)} is shown as away (${cause}) although its page answers`);
  }

  #pageOf(sessionId: string): Page | undefined {
    const page = this.#ledger.owners.get(sessionId)?.socket.page.tasks;
    return page instanceof Page ? page : undefined;
  }
}
