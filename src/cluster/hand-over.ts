import type { Clock } from "../kernel/clock.js";
import type { Bus } from "../ports/bus.js";
import type { Directory, NodeView } from "../ports/directory.js";
import type { Actor } from "../session/actor.js";
import { sendElsewhere } from "../session/send-elsewhere.js";
import type { Session } from "../session/session.js";
import type { SessionReconciler } from "./session-reconciler.js";
import { entryOf, nameOf, type Group } from "./groups.js";
import type { LocalState } from "./local-state.js";

/** Gives groups of sessions to another node: in the directory, then at that node, then here. */
export class HandOver {
  readonly #directory: Directory;
  readonly #bus: Bus;
  readonly #local: LocalState;
  readonly #reconciler: SessionReconciler;
  readonly #clock: Clock;
  /** Ends when the event loop has had its turn after the last batch. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: {
    clock: Clock;
    directory: Directory;
    bus: Bus;
    local: LocalState;
    reconciler: SessionReconciler;
  }) {
    this.#directory = options.directory;
    this.#bus = options.bus;
    this.#local = options.local;
    this.#reconciler = options.reconciler;
    this.#clock = options.clock;
  }

  /** How many sessions move with the group. */
  sizeOf(group: Group): number {
    return this.#membersOf(group).length;
  }

  /**
   * The clients of the groups are told to connect again, and this node gives their sessions up, all in one turn of the event
   * loop: nobody sees a part of a room leave.
   *
   * @param comeBackMs when a client is to connect again, for each client
   * @param by who asked for it; missing when the process stops
   * @returns `moved`: the number of sessions that moved, and the groups that stayed because this node no longer holds them in
   *   the directory. A group about which a part of the store did not answer is in neither, and stays as it is. `refused`: the heir
   *   can take nothing. `unanswered`: the store did not answer
   */
  async move(
    groups: readonly Group[],
    heir: NodeView,
    { comeBackMs, by }: { comeBackMs: () => number; by: Actor | undefined },
  ): Promise<
    { kind: "moved"; sessions: number; stayed: readonly Group[] } | { kind: "refused" } | { kind: "unanswered" }
  > {
    const asked = new Map(groups.map((group) => [nameOf(entryOf(group)), this.#membersOf(group)]));
    const outcome = await this.#directory.handOver(groups.map(entryOf), heir.nodeId).catch(() => undefined);
    if (outcome?.kind === "refused") return outcome;
    if (outcome?.kind !== "handed") {
      this.#reconciler.perhapsGiven([...asked.values()].flat());
      return { kind: "unanswered" };
    }
    const { sessionIds } = outcome;
    await this.#ownTurn();
    if (sessionIds.length > 0)
      this.#bus.send({ nodeId: heir.nodeId }, { type: "handed_over", sessionIds: [...sessionIds] });
    const refused = new Set(outcome.refused.map(nameOf));
    const stayed = groups.filter((group) => refused.has(nameOf(entryOf(group))));
    const unanswered = new Set(outcome.unanswered?.map(nameOf));
    this.#reconciler.perhapsGiven([...unanswered].flatMap((name) => asked.get(name) ?? []));
    const gone = groups
      .filter((group) => !stayed.includes(group) && !unanswered.has(nameOf(entryOf(group))))
      .flatMap((group) => this.#membersOf(group));
    const written = new Set(sessionIds);
    for (const { id, connection } of gone) {
      const url = written.has(id) ? heir.url : undefined;
      if (connection) sendElsewhere(connection, url, Math.round(comeBackMs()));
    }
    // Somebody who entered the room in the last moment is not written as one of its people, so the heir does not know them. The
    // next audit sends them after their room.
    const moved = gone.filter(({ id }) => written.has(id));
    for (const session of moved) this.#local.giveUp(session, "handed_over", by);
    return { kind: "moved", sessions: moved.length, stayed };
  }

  /** Answers can arrive together. Each batch gets a turn of the event loop of its own all the same. */
  async #ownTurn(): Promise<void> {
    const before = this.#turn;
    let end = (): void => {};
    this.#turn = new Promise((resolve) => (end = resolve));
    await before;
    void this.#clock.pollPhase().then(end);
  }

  #membersOf(group: Group): readonly Session[] {
    if ("roomId" in group) return this.#local.membersOf(group.roomId);
    return group.session.status === "open" ? [group.session] : [];
  }
}
