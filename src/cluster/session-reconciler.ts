import type { Clock } from "../kernel/clock.js";
import type { Directory, PlacedSession } from "../ports/directory.js";
import type { Session } from "../session/session.js";
import type { LocalState } from "./local-state.js";

/** So many sessions are searched with one question. Redis does nothing else while it answers. */
const PAGE = 200;

/** A session that another node holds, and where clients reach that node; undefined when nobody knows. */
export interface Gone {
  readonly session: Session;
  readonly url: string | undefined;
}

interface Uncertainty {
  /** What this node has written under a lease that began here or later does not show that nobody else held the session. */
  readonly since: number;
  /** The session is here, and is no longer uncertain when it has been written. */
  isSettled: boolean;
}

/**
 * Sessions on this node that other nodes may have held, and ended, meanwhile. A backend knows an end under the epoch of the node that
 * told it. So such a session goes on under an epoch that the store gives after the end.
 *
 *     a lease begins, a hand-over is not answered --> uncertain --settle--> lost | here --written--> certain
 */
export class SessionReconciler {
  readonly #clock: Clock;
  readonly #directory: Directory;
  readonly #local: LocalState;
  readonly #uncertain = new Map<Session, Uncertainty>();
  readonly #arose: () => void;
  /** Epoch of the present lease. */
  #lease = 0;

  /** @param options `arose`: called when sessions should be settled at once, because another node may hold them by now */
  constructor(options: { clock: Clock; directory: Directory; local: LocalState; arose: () => void }) {
    this.#clock = options.clock;
    this.#directory = options.directory;
    this.#local = options.local;
    this.#arose = options.arose;
  }

  /** This node has a new lease. While it had none, other nodes may have held its sessions. */
  leaseBegan(epoch: number): void {
    this.#lease = epoch;
    for (const session of this.#local.sessions()) this.#add(session, epoch);
  }

  /** It is not known whether these sessions have been given to another node. */
  perhapsGiven(sessions: readonly Session[]): void {
    for (const session of sessions) this.#add(session, Infinity);
    if (sessions.length > 0) this.#arose();
  }

  /**
   * Looks the uncertain sessions up. Those that no other node holds go on here: under a new epoch, unless their entries are untouched.
   * Rejects when the store does not answer.
   *
   * @param isOver no page begins when it answers true
   * @returns those that another node holds, or has held and given back. They stay uncertain until they have been given up, because the caller may fail before that
   */
  async settle(isOver: () => boolean): Promise<Gone[]> {
    const lost: Gone[] = [];
    const all = [...this.#uncertain];
    for (let from = 0; from < all.length && !isOver(); from += PAGE) {
      lost.push(...(await this.#settlePage(all.slice(from, from + PAGE))));
      await this.#clock.pollPhase();
    }
    return lost;
  }

  /** The session's entry is up to date. Until then another node may take over what is left under an earlier lease. */
  written(session: Session): void {
    if (this.#uncertain.get(session)?.isSettled) this.#uncertain.delete(session);
  }

  #add(session: Session, since: number): void {
    const before = this.#uncertain.get(session)?.since ?? Infinity;
    this.#uncertain.set(session, { since: Math.min(since, before), isSettled: false });
  }

  async #settlePage(page: readonly [Session, Uncertainty][]): Promise<Gone[]> {
    const found = await this.#directory.findSessions(page.map(([{ id }]) => id));
    const places = new Map(found.map((place) => [place.sessionId, place]));
    const here: [Session, Uncertainty][] = [];
    const lost: Gone[] = [];
    for (const [session, uncertainty] of page) {
      const place = places.get(session.id);
      if (session.status !== "open") this.#uncertain.delete(session);
      else if (this.#isLost(session, place)) lost.push({ session, url: place?.expired ? undefined : place?.url });
      else here.push([session, uncertainty]);
    }
    const again = here.filter(([session, uncertainty]) => !this.#isUntouched(uncertainty, places.get(session.id)));
    // The store gives it after the look, so it is greater than that of every end before the look.
    const epoch = again.length > 0 ? await this.#directory.newEpoch() : 0;
    for (const [session] of again) if (session.status === "open") this.#local.holdAgain(session, epoch);
    for (const [session, uncertainty] of here) {
      uncertainty.isSettled = true;
      if (this.#isOnlyHere(places.get(session.id))) this.written(session);
    }
    // The backend knows by now that they go on. If this node died before they are written, nobody would tell that they end.
    await Promise.all(
      again.map(async ([session]) => {
        if (await this.#local.record(session)) this.written(session);
      }),
    );
    return lost;
  }

  /**
   * Whether the store would refuse to write the session. A later entry that names this node comes from another one, which has given the
   * session back. An older entry at another node comes from a store that has gone back to older data.
   */
  #isLost({ epoch }: Session, place: PlacedSession | undefined): boolean {
    if (!place) return false;
    return place.nodeId === this.#directory.nodeId ? place.epoch > epoch : place.epoch >= epoch;
  }

  /** Whether the entry is the one from before the uncertainty, so that no other node has held the session. */
  #isUntouched({ since }: Uncertainty, place: PlacedSession | undefined): boolean {
    return place?.nodeId === this.#directory.nodeId && place.leaseEpoch < since;
  }

  /** Whether no other node can take the session over while this node has its lease. */
  #isOnlyHere(place: PlacedSession | undefined): boolean {
    return !place || (place.nodeId === this.#directory.nodeId && place.leaseEpoch === this.#lease);
  }
}
