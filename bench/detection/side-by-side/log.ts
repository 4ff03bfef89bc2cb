import type { Heard } from "../people/orders.js";

/** How one person fared, as the witness was told; times in ms from the fault. */
export interface Outcome {
  awayAfterMs: number | undefined;
  /** When they were told as left, were missing for a witness who came again, or were told as somebody new. */
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
    return this.#heard.some((one) => isIn(one, system, room) && arrival(one, name) !== undefined);
  }

  /** @param since epoch ms of the fault */
  outcome(system: string, room: string, name: string, since: number): Outcome {
    const told = this.#heard.filter((one) => isIn(one, system, room));
    const before = told.filter(({ at }) => at < since);
    const member = before.reduce<string | undefined>((id, one) => arrival(one, name) ?? id, undefined);
    if (member === undefined) return { awayAfterMs: undefined, leftAfterMs: undefined };
    const after = told.filter(({ at }) => at >= since);
    const away = after.find((one) => one.event === "away" && one.id === member);
    const left = after.find(
      (one) =>
        (one.event === "left" && one.id === member) ||
        (one.event === "people" && one.people.every(({ id }) => id !== member)) ||
        (one.event === "joined" && one.name === name && one.id !== member),
    );
    return { awayAfterMs: away && away.at - since, leftAfterMs: left && left.at - since };
  }
}

/** The membership with which somebody is told to be there. */
function arrival(heard: Heard, name: string): string | undefined {
  if (heard.event === "people") return heard.people.find((one) => one.name === name)?.id;
  return heard.event === "joined" && heard.name === name ? heard.id : undefined;
}

function isIn(heard: Heard, system: string, room: string): boolean {
  return heard.system === system && heard.room === room;
}
