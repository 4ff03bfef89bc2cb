import type { Programs } from "../compile.js";
import { byKind, inTurn, type ByKind } from "./by-kind.js";
import type { Plan } from "./plan.js";
import { Subject } from "./subject.js";

/** CPU microseconds of the server per ping; the same index was measured at about the same time. */
export interface PingSamples {
  paced: ByKind<number[]>;
  saturated: ByKind<number[]>;
}

/** Long enough that the compiler has made up its mind. */
const WARM_UP_MS = 1_500;

/** Lets the servers answer pings in turn, each with its connections open and the others idle. */
export async function measurePings(programs: Programs, plan: Plan, say: (line: string) => void): Promise<PingSamples> {
  const samples: PingSamples = { paced: byKind(() => []), saturated: byKind(() => []) };
  for (let generation = 0; generation < plan.generations; generation += 1) {
    say(`pings: processes ${generation + 1} of ${plan.generations}`);
    await measureGeneration(programs, plan, generation, samples);
  }
  return samples;
}

async function measureGeneration(
  programs: Programs,
  plan: Plan,
  generation: number,
  samples: PingSamples,
): Promise<void> {
  const subjects: Partial<ByKind<Subject>> = {};
  try {
    for (const kind of inTurn(generation)) {
      const subject = await Subject.start(kind, programs);
      subjects[kind] = subject;
      await subject.join(plan.pingConnections);
      await subject.load.saturate(WARM_UP_MS);
      await subject.load.pace(plan.pacedPerSecond, WARM_UP_MS);
    }
    for (let round = 0; round < plan.rounds; round += 1) {
      for (const kind of inTurn(generation + round)) {
        const subject = subjects[kind];
        if (!subject) continue;
        samples.paced[kind].push(await cpuPerPing(subject, () => subject.load.pace(plan.pacedPerSecond, plan.pacedMs)));
        samples.saturated[kind].push(await cpuPerPing(subject, () => subject.load.saturate(plan.saturatedMs)));
      }
    }
  } finally {
    await Promise.all(Object.values(subjects).map((subject) => subject.stop()));
  }
}

async function cpuPerPing(subject: Subject, ping: () => Promise<number>): Promise<number> {
  let answered = 0;
  const micros = await subject.cpuOf(async () => (answered = await ping()));
  return micros / answered;
}
