/** Words and tables that both parts of `docs/scale.md` use. */
import { table } from "../report/table.js";
import type { Costs, Step } from "./model.js";

export const SIZES = [10_000, 100_000, 1_000_000];
/** Of one Redis. The rest is for storms and for a node's death. */
export const COMFORTABLE = 0.6;

export const STEPS: Readonly<Record<Step, string>> = {
  renew: "a node renews its lease",
  enter: "hello and join, at the room's node",
  redirect: "more, when the room is at another node",
  leave: "goodbye",
  call: "a call: rings, is answered, ends",
  takeOver: "a dead node's session is taken over",
};

/** @param of whose processor time it is */
export function costTable(measured: readonly Costs[], of = "Redis"): string {
  return table(
    [`microseconds of ${of}`, ...measured.map(({ nodes }) => `${nodes} nodes`)],
    (Object.keys(STEPS) as Step[]).map((step) => [STEPS[step], ...measured.map((costs) => costs[step].toFixed(0))]),
  );
}

export const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
export const thousands = (count: number): string => count.toLocaleString("en-US");
