/**
 * Runs many seeds at once in several processes. Runs share nothing, so a seed gives the same result in every process.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Outcome } from "./simulation.js";

/** One run, as plain data that can be sent to a process. */
export interface Job {
  readonly seed: number;
  readonly minutes: number;
  /** A name in `MUTATIONS`. */
  readonly mutation?: string | undefined;
  readonly everyWatch?: boolean;
}

/** A run takes seconds of processor time. A run that takes longer than this has an endless loop, even on a busy machine. */
const LONGEST_RUN_MS = 1_800_000;
const JOB_PROCESS = fileURLToPath(new URL("job-process.ts", import.meta.url));

/** Processes that wait for the next job. Starting a process takes longer than many jobs. They end with this process. */
const idle: ChildProcess[] = [];

/**
 * @param done receives each outcome when its run ends; when it returns `false`, no more runs begin
 * @throws Error when a run ends without an outcome
 */
export async function runAll(
  jobs: Iterable<Job>,
  done: (outcome: Outcome) => boolean | void,
  processes = availableParallelism(),
): Promise<void> {
  const queue = jobs[Symbol.iterator]();
  let wanted = true;
  const runJobs = async (): Promise<void> => {
    const child = acquire();
    try {
      for (let next = queue.next(); wanted && !next.done; next = queue.next()) {
        if (done(await runJob(child, next.value)) === false) wanted = false;
      }
    } catch (error) {
      child.kill();
      throw error;
    }
    release(child);
  };
  await Promise.all(Array.from({ length: processes }, runJobs));
}

function acquire(): ChildProcess {
  const child = idle.pop() ?? fork(JOB_PROCESS, { execArgv: ["--import", "tsx"], serialization: "advanced" });
  child.ref();
  child.channel?.ref();
  return child;
}

/** Makes the process idle. An idle process does not keep this process alive. */
function release(child: ChildProcess): void {
  child.unref();
  child.channel?.unref();
  idle.push(child);
}

async function runJob(child: ChildProcess, job: Job): Promise<Outcome> {
  const finished = new AbortController();
  const { signal } = finished;
  child.send(job);
  try {
    const outcome = once(child, "message", { signal }).then(([message]) => message as Outcome);
    const end = once(child, "exit", { signal }).then(() => {
      throw new Error(`seed ${job.seed} ended the process that ran it`);
    });
    const limit = delay(LONGEST_RUN_MS, undefined, { signal }).then(() => {
      throw new Error(`seed ${job.seed} does not come to an end`);
    });
    return await Promise.race([outcome, end, limit]);
  } finally {
    finished.abort();
  }
}
