/**
 * Plays a Lastseen service by script and judges a client in any language. `lastseen-conformance` is the same as a command.
 *
 * @module
 */
import { ALL_CHECKS } from "./checks/index.js";

export { judge, type JudgeOptions, type Verdict } from "./judge.js";
export { describeVerdict, junit } from "./report.js";

/** What is asked of a client: the name of each check, and the same in a sentence. */
export const CHECKS: readonly { readonly name: string; readonly asks: string }[] = ALL_CHECKS.map(({ name, asks }) => ({
  name,
  asks,
}));
