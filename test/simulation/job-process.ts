/** A process that carries out the jobs of `parallel-runs.ts`. */
import type { Job } from "./parallel-runs.js";
import { MUTATIONS } from "./mutations.js";
import { simulate } from "./simulation.js";

process.on("message", ({ mutation, ...options }: Job) => {
  const variants = mutation === undefined ? undefined : MUTATIONS[mutation]?.variants;
  // An error that is no failure of an invariant ends the process, and with it the whole undertaking.
  void simulate({ ...options, variants }).then((outcome) => process.send?.(outcome));
});
