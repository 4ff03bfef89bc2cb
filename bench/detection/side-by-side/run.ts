/** All systems side by side: native clients of each meet the same faults at the same moments. */
import { until } from "../../../test/support/until.js";
import { noMachineReason } from "../other-machine.js";
import { compilePeople } from "../people/people.js";
import type { Subject } from "../subjects/subject.js";
import { FAULTS, type Fault, type Scene } from "./faults.js";
import { areAllGone, cellsOf, type FaultRow } from "./results.js";
import { measureServerFaults } from "./server-faults.js";
import { Stage } from "./stage.js";

export interface SideBySide {
  subjects: readonly Subject[];
  /** Why a system is not measured here, by its title. */
  missing: ReadonlyMap<string, string>;
  rows: FaultRow[];
  /** What Lastseen counted as aways that it took back. */
  falseAways: number;
}

export interface Options {
  times: number;
  wants: (fault: { id: string }) => boolean;
  say: (text: string) => void;
}

export async function measureSideBySide(all: readonly Subject[], options: Options): Promise<SideBySide> {
  const missing = new Map<string, string>();
  for (const subject of all) {
    const problem = subject.prepare();
    if (problem !== undefined) missing.set(subject.title, problem);
  }
  const subjects = all.filter(({ title }) => !missing.has(title));
  for (const [title, problem] of missing) options.say(`${title} is not measured: ${problem}`);
  compilePeople();
  const [clients, servers] = await Promise.all([
    measureClientFaults(subjects, options),
    options.wants({ id: "server" })
      ? onStage(subjects, options, (stage) => measureServerFaults(stage, options.say))
      : [],
  ]);
  return { subjects, missing, rows: [...clients.rows, ...servers], falseAways: clients.falseAways };
}

async function onStage<T>(
  subjects: readonly Subject[],
  { times }: Options,
  act: (stage: Stage) => Promise<T>,
): Promise<T> {
  const stage = await Stage.open(subjects, times);
  try {
    return await act(stage);
  } finally {
    await stage.close();
  }
}

function measureClientFaults(
  subjects: readonly Subject[],
  options: Options,
): Promise<{ rows: FaultRow[]; falseAways: number }> {
  const problem = noMachineReason();
  if (problem !== undefined) options.say(`nobody's network can be cut here: ${problem}`);
  const faults = FAULTS.filter((fault) => options.wants(fault) && !(fault.needsNetwork && problem !== undefined));
  return onStage(subjects, options, async (stage) => {
    const scenes: { fault: Fault; scene: Scene }[] = [];
    try {
      for (const fault of faults) {
        await stage.witness(fault.id);
        scenes.push({ fault, scene: await fault.arrange(stage, fault.id) });
      }
      options.say("everybody is in");
      const rows = await Promise.all(scenes.map(({ fault, scene }) => measure(stage, fault, scene, options.say)));
      return { rows, falseAways: await falseAways(stage) };
    } finally {
      for (const { scene } of scenes) scene.close();
    }
  });
}

async function measure(stage: Stage, fault: Fault, scene: Scene, say: Options["say"]): Promise<FaultRow> {
  const over = Date.now() + fault.watch * 1_000;
  const moments = await scene.act();
  await until(
    () => Date.now() > over || (fault.goes && areAllGone(stage, fault.id, moments)),
    fault.watch * 1_000 + 60_000,
  );
  say(fault.how);
  const { id, how, goes, watch } = fault;
  return { id, how, goes, watch, cells: cellsOf(stage, id, moments) };
}

async function falseAways(stage: Stage): Promise<number> {
  const server = stage.servers.find(({ subject }) => subject.knowsAway);
  if (!server) return 0;
  const metrics = await (await fetch(`${server.url()}/metrics`)).text();
  return [...metrics.matchAll(/^lastseen_false_aways_total(?:\{.*\})? (\S+)$/gm)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
}
