import type { Programs } from "../compile.js";
import { byKind, inTurn, type ByKind } from "./by-kind.js";
import type { Plan } from "./plan.js";
import { Subject } from "./subject.js";

/** What one connection costs, its greeting included. */
export interface ConnectionSample {
  /** CPU microseconds of the server: opening, then each step of the greeting. Without the heartbeats that went on meanwhile. */
  steps: number[];
  /** Bytes for as long as it is idle: of the process, and of V8's heap with what it holds outside. */
  rss: number;
  heap: number;
}

/**
 * V8 reserves 1 MB for new objects at first, and 16 MB later (2 x 16 with the copies). Every server grows like this once.
 * Without this option the growth would count as memory of the connections that are opened at that time.
 */
const NODE_OPTIONS = ["--min-semi-space-size=16"];

/** Opens many connections to a fresh server of each kind and compares its memory before and after. */
export async function measureConnections(
  programs: Programs,
  plan: Plan,
  say: (line: string) => void,
): Promise<ByKind<ConnectionSample[]>> {
  const samples = byKind<ConnectionSample[]>(() => []);
  for (let repetition = 0; repetition < plan.repetitions; repetition += 1) {
    say(`connections: processes ${repetition + 1} of ${plan.repetitions}`);
    for (const kind of inTurn(repetition)) {
      const subject = await Subject.start(kind, programs, NODE_OPTIONS);
      try {
        samples[kind].push(await measureOne(subject, plan));
      } finally {
        await subject.stop();
      }
    }
  }
  return samples;
}

async function measureOne(subject: Subject, plan: Plan): Promise<ConnectionSample> {
  await subject.join(plan.warmConnections);
  await pingOnce(subject, plan.warmConnections, plan);
  const before = await subject.server.memory();
  const idleBefore = await subject.idleRate();
  const costs = await subject.join(plan.idleConnections);
  const idle = (idleBefore + (await subject.idleRate())) / 2;
  await pingOnce(subject, plan.warmConnections + plan.idleConnections, plan);
  const after = await subject.server.memory();
  return {
    // A busy machine makes the steps take longer, and the more heartbeats of those who are there fall into them.
    steps: costs.map(({ cpu, ms }) => cpu - idle * ms),
    rss: (after.rss - before.rss) / plan.idleConnections,
    heap: (after.heap - before.heap) / plan.idleConnections,
  };
}

/**
 * A connection has buffers from its first message on. Some servers need no greeting, so without this ping their connections
 * would have no buffers.
 */
async function pingOnce(subject: Subject, connections: number, { pacedPerSecond }: Plan): Promise<void> {
  await subject.load.pace(pacedPerSecond, (connections / pacedPerSecond) * 1000);
}
