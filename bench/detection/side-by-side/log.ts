import type { Heard } from "../people/orders.js";

/** How one person fared, as the witness was told; times in ms from the fault. */
export interface Outcome {
  awayAfterMs: number | undefined;
  /** When they were told as left, or as somebody new who came, which ends the former. */
  leftAfterMs: number | undefined;
}

/** What the witnesses of all rooms were told, in order. */
export class Log {
  readonly #heard: Heard[] = [];

  note(heard: Heard): void {
    this.#heard.push(heard);
  }

  /** Whether somebody was seen. */
  knows(system: string, room: string, name: string): boolean {
    return this.#heard.some((one) => isIn(one, system, room) && one.event === "joined" && one.name === name);
  }

  /** @param since epoch ms of the fault */
  outcome(system: string, room: string, name: string, since: number): Outcome {
    const told = this.#heard.filter((one) => isIn(one, system, room));
    const arrivals = told.filter((one) => one.event === "joined" && one.name === name);
    const member = arrivals.findLast(({ at }) => at < since);
    if (!member) return { awayAfterMs: undefined, leftAfterMs: undefined };
    const after = told.filter(({ at }) => at >= since);
    const away = after.find(({ event, id }) => event === "away" && id === member.id);
    const left = after.find(
      (one) =>
        (one.event === "left" && one.id === member.id) ||
        (one.event === "joined" && one.name === name && one.id !== member.id),
    );
    return { awayAfterMs: away && away.at - since, leftAfterMs: left && left.at - since };
  }
}

function isIn(heard: Heard, system: string, room: string): boolean {
  return heard.system === system && heard.room === room;
}
