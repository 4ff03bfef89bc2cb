import type { Which } from "../people/orders.js";
import type { Moments } from "./faults.js";
import type { Outcome } from "./log.js";
import type { Stage } from "./stage.js";

/** One system at one fault. */
export interface Cell {
  people: number;
  /** Told as away, ms from the fault; of those who were. */
  away: number[];
  /** Told as gone, ms from the fault; of those who were. */
  gone: number[];
}

export interface FaultRow {
  id: string;
  how: string;
  /** Whether they are gone for ever; otherwise every `gone` is a false leave. */
  goes: boolean;
  /** How long the witness was listened to, s. */
  watch: number;
  /** By the systems' ids. */
  cells: Map<string, Cell>;
}

export function cellsOf(stage: Stage, room: string, moments: Moments): Map<string, Cell> {
  return new Map(
    stage.systems.map((system) => [
      system,
      cellOf([...moments].map(([name, since]) => stage.outcome({ system, room, name }, since))),
    ]),
  );
}

/** Whether everybody has been told as gone, everywhere. */
export function areAllGone(stage: Stage, room: string, moments: Moments): boolean {
  const isGone = (which: Which, since: number): boolean => stage.outcome(which, since).leftAfterMs !== undefined;
  return [...moments].every(([name, since]) => stage.everywhere(room, name).every((which) => isGone(which, since)));
}

export function cellOf(outcomes: readonly Outcome[]): Cell {
  return {
    people: outcomes.length,
    away: outcomes.flatMap(({ awayAfterMs }) => awayAfterMs ?? []),
    gone: outcomes.flatMap(({ leftAfterMs }) => leftAfterMs ?? []),
  };
}
