import { type Check, Stage } from "./check.js";
import { ALL_CHECKS } from "./checks/index.js";
import { Fault } from "./fault.js";
import { Program } from "./program.js";
import { ROOM, ScriptedService } from "./scripted-service.js";

export interface Verdict {
  readonly name: string;
  readonly asks: string;
  /** What the client does wrong; undefined when it does all right. */
  readonly fault: string | undefined;
  /** The last that the program wrote, when it does something wrong. */
  readonly output: string | undefined;
  readonly seconds: number;
}

export interface JudgeOptions {
  /** For the shell; `{url}` in it is replaced by the address of the service. */
  readonly command: string;
  /** Names of the checks to run, as in `CHECKS`. Default: all. */
  readonly only?: readonly string[] | undefined;
  /** Names of the checks to leave out. */
  readonly skip?: readonly string[] | undefined;
  /** How many checks run at the same time. Default: 4. */
  readonly parallel?: number;
  /** All time limits are so many times longer. Default: 1. */
  readonly patience?: number;
  /** Told of each verdict at once. */
  readonly done?: (verdict: Verdict) => void;
}

/**
 * Runs the checks. Each has a service and a program of its own.
 *
 * @returns the verdicts, in the order of the checks
 * @throws RangeError when there is no check of a name that `only` or `skip` has
 */
export async function judge(options: JudgeOptions): Promise<readonly Verdict[]> {
  const { command, only, skip = [], parallel = 4, patience = 1 } = options;
  for (const name of [...(only ?? []), ...skip]) {
    if (!ALL_CHECKS.some((check) => check.name === name)) throw new RangeError(`there is no check "${name}"`);
  }
  const checks = ALL_CHECKS.filter(({ name }) => (only?.includes(name) ?? true) && !skip.includes(name));
  const verdicts: Verdict[] = [];
  const waiting = [...checks.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [index, check] = next;
      const verdict = await judgeOne(check, command, patience);
      verdicts[index] = verdict;
      options.done?.(verdict);
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  return verdicts;
}

async function judgeOne(check: Check, command: string, patience: number): Promise<Verdict> {
  const startedAt = performance.now();
  const service = await ScriptedService.start();
  const stage = new Stage(service, patience);
  const told = (fault: string | undefined): Verdict => ({
    name: check.name,
    asks: check.asks,
    fault,
    output: fault === undefined ? undefined : stage.program.output,
    seconds: (performance.now() - startedAt) / 1_000,
  });
  try {
    await check.prepare?.(service, stage);
    const environment = { LASTSEEN_URL: service.url, LASTSEEN_TOKEN_URL: service.tokenUrl, LASTSEEN_ROOM: ROOM };
    stage.begin(Program.start(command, environment));
    await check.run(stage);
    return told(service.faults[0]);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return told([error.message, ...service.faults].join("\n"));
  } finally {
    await stage.close();
  }
}
