/** A process that runs the jobs of `parallel-runs.ts`. */
import type { Job } from "./parallel-runs.js";
import { MUTATIONS } from "./mutations.js";
import { simulate } from "./simulation.js";

process.on("message", ({ mutation, ...options }: Job) => {
  const variants = mutation === undefined ? undefined : MUTATIONS[mutation]?.variants;
  // Any other error than a failed invariant ends the process, and then `runAll` fails.
  void simulate({ ...options, variants }).then((outcome) => process.send?.(outcome));
});
