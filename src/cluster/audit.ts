/**
 * Compares this node's local state with the directory and corrects both. The node writes again what the directory has
 * forgotten, gives up what another node holds by now, and adopts what was given to it. An audit runs for a reason: a new
 * lease, a store that answers again, counts that differ, a hand-over.
 */
import type { GivenUp } from "@lastseen/protocol";
import type { Clock } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { Bus } from "../ports/bus.js";
import type { Directory, NodeView } from "../ports/directory.js";
import { sendElsewhere } from "../session/send-elsewhere.js";
import type { Session } from "../session/session.js";
import type { Arrivals } from "./arrivals.js";
import type { Gone, SessionReconciler } from "./session-reconciler.js";
import type { LocalState } from "./local-state.js";
import type { ClusterEvents } from "./events.js";
import { wholeRooms } from "./whole-rooms.js";

/** Number of writes that run at the same time. */
const AT_ONCE = 100;
/** Number of sessions that the audit gives up before the event loop gets its turn again. */
const IN_A_TURN = 50;
/** The clients of what the audit gives up come back within this time, each at its own moment. */
const COME_WITHIN_MS = 500;
/** The audit runs when the counts differ at this many renewals in a row. Writes that are under way explain one. */
const MOST_DIFFERENCES = 2;

export class Audit {
  readonly #clock: Clock;
  readonly #directory: Directory;
  readonly #bus: Bus;
  readonly #local: LocalState;
  readonly #arrivals: Arrivals;
  readonly #reconciler: SessionReconciler;
  readonly #events: Emitter<ClusterEvents>;
  readonly #random: () => number;
  #running: Promise<void> | undefined;
  #again = false;
  #everything = false;
  #differed = 0;
  #closed = false;

  constructor(options: {
    clock: Clock;
    directory: Directory;
    bus: Bus;
    local: LocalState;
    arrivals: Arrivals;
    reconciler: SessionReconciler;
    events: Emitter<ClusterEvents>;
    /** From 0 to 1. */
    random: () => number;
  }) {
    this.#clock = options.clock;
    this.#directory = options.directory;
    this.#bus = options.bus;
    this.#local = options.local;
    this.#arrivals = options.arrivals;
    this.#reconciler = options.reconciler;
    this.#events = options.events;
    this.#random = options.random;
  }

  /**
   * Runs an audit. While an audit is under way, one more follows it. Resolves when all of them have ended.
   *
   * @param what `everything`: writes all sessions and rooms again, because an index of the directory may lack them
   */
  run(what: "differences" | "everything" = "differences"): Promise<void> {
    if (this.#closed) return Promise.resolve();
    if (what === "everything") this.#everything = true;
    this.#again = this.#running !== undefined;
    this.#running ??= this.#repeat().finally(() => (this.#running = undefined));
    return this.#running;
  }

  /** This node has a new lease. Runs an audit. */
  leaseBegan(epoch: number): Promise<void> {
    this.#reconciler.leaseBegan(epoch);
    return this.run();
  }

  /**
   * Runs an audit when the number of sessions or rooms in the directory differs from the number on this node at several
   * renewals in a row.
   */
  compareCounts(own: NodeView): void {
    const { sessions, rooms } = this.#local.counts();
    this.#differed = own.sessions === sessions && own.rooms === rooms ? 0 : this.#differed + 1;
    if (this.#differed < MOST_DIFFERENCES) return;
    this.#differed = 0;
    void this.run();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #repeat(): Promise<void> {
    do {
      this.#again = false;
      const everything = this.#everything;
      // A loss that is told while this audit runs sets it again.
      this.#everything = false;
      try {
        await this.#compare(everything);
      } catch (error) {
        this.#everything ||= everything;
        this.#events.emit("unreachable", { error });
        return;
      }
    } while (this.#again && !this.#closed);
  }

  async #compare(everything: boolean): Promise<void> {
    const own = await this.#directory.own();
    await this.#local.removeEndedEntries(own.sessions);
    const lost = await this.#reconciler.settle(() => this.#closed);
    await this.#giveUp(lost, "fenced");

    const held = new Set(own.rooms);
    const missingRooms = [...this.#local.rooms()].filter((roomId) => everything || !held.has(roomId));
    const fencedRooms = new Set<string>();
    await this.#forEach(missingRooms, async (roomId) => {
      if (!(await this.#local.reclaimRoom(roomId))) fencedRooms.add(roomId);
    });
    const strayed = [...this.#local.sessions()].filter((session) => fencedRooms.has(roomOf(session) ?? ""));
    await this.#sendAfter(strayed);

    const entries = new Map(own.sessions.map((entry) => [entry.sessionId, entry]));
    const unwritten = [...this.#local.sessions()].filter((session) => {
      const entry = entries.get(session.id);
      return everything || entry?.epoch !== session.epoch || entry.roomId !== roomOf(session);
    });
    let written = true;
    await this.#forEach(unwritten, async (session) => {
      // If this node died before the entry is written, no other node would know the session.
      if (await this.#local.record(session)) this.#reconciler.written(session);
      else written = false;
    });
    if (!written) {
      this.#again = true;
      this.#everything ||= everything;
    }
    const adopted = await this.#arrivals.adopt(own.sessions);
    await this.#forEach(own.rooms, (roomId) => this.#local.releaseIfEmpty(roomId));
    this.#events.emit("audited", { written: unwritten.length, adopted, fenced: lost.length + strayed.length });
  }

  /**
   * Gives each session of a room that is on another node to that node, so that its people are together again. A session stays when
   * the other node does not renew its lease; the next audit tries again. Rejects when the store does not answer.
   */
  async #sendAfter(strayed: readonly Session[]): Promise<void> {
    for (const slice of wholeRooms(strayed, roomOf, IN_A_TURN)) {
      const homes = new Map<string, { url: string | undefined; sessions: Map<string, Session> }>();
      await this.#forEach(slice, async (session) => {
        const home = await this.#directory.findRoom(roomOf(session) ?? "");
        if (!home || home.nodeId === this.#directory.nodeId || !(await this.#local.record(session))) return;
        if (session.status !== "open") return;
        const { sessions } = homes.get(home.nodeId) ?? { sessions: new Map<string, Session>() };
        homes.set(home.nodeId, { url: home.url, sessions: sessions.set(session.id, session) });
      });
      for (const [nodeId, { url, sessions }] of homes) await this.#sendTo(nodeId, url, sessions);
    }
  }

  async #sendTo(nodeId: string, url: string | undefined, sessions: ReadonlyMap<string, Session>): Promise<void> {
    const what = [...sessions.keys()].map((sessionId) => ({ sessionId }));
    const outcome = await this.#directory.handOver(what, nodeId).catch((error: unknown) => {
      this.#reconciler.perhapsGiven([...sessions.values()]);
      throw error;
    });
    if (outcome.kind !== "handed") return;
    const named = (ids: readonly string[]) => ids.flatMap((sessionId) => sessions.get(sessionId) ?? []);
    this.#bus.send({ nodeId }, { type: "handed_over", sessionIds: [...outcome.sessionIds] });
    const unanswered = outcome.unanswered?.flatMap((each) => ("sessionId" in each ? each.sessionId : []));
    this.#reconciler.perhapsGiven(named(unanswered ?? []));
    const moved = named(outcome.sessionIds).map((session) => ({ session, url }));
    await this.#giveUp(moved, "handed_over");
  }

  /**
   * Gives up what is on another node now. The audit closes all connections of a room first: otherwise people would see the
   * others leave a room that goes on elsewhere.
   */
  async #giveUp(gone: readonly Gone[], why: GivenUp): Promise<void> {
    for (const slice of wholeRooms(gone, ({ session }) => roomOf(session), IN_A_TURN)) {
      for (const { session, url } of slice) {
        if (session.connection) sendElsewhere(session.connection, url, Math.round(this.#random() * COME_WITHIN_MS));
      }
      for (const { session } of slice) this.#local.giveUp(session, why);
      await this.#clock.pollPhase();
    }
  }

  async #forEach<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
    for (let from = 0; from < items.length && !this.#closed; from += AT_ONCE) {
      await Promise.all(items.slice(from, from + AT_ONCE).map(act));
      await this.#clock.pollPhase();
    }
  }
}

function roomOf(session: Session): string | undefined {
  return session.participation?.roster.id;
}
