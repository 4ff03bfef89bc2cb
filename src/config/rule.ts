import type { Environment, Settings } from "./schema.js";

/** A condition on several settings. Each value may be allowed while the combination is not. */
export interface Rule {
  /** The settings that the rule reads. The rule is not checked when one of them is wrong by itself. */
  reads: readonly (keyof Settings)[];
  /** The problem, or `false` when there is none. */
  problem(settings: Settings, environment: Environment): string | false;
}
