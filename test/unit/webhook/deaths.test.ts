import { expect, test } from "vitest";
import { MemoryEventLog } from "../../../src/memory/memory-event-log.js";
import type { BackendEvent } from "@lastseen/protocol";
import { Random } from "../../support/random.js";
import { FallibleWorld } from "./fallible-world.js";

const SEEDS = 30;
const STEPS = 120;
const NODES = ["a", "b", "c"] as const;
const SUBJECTS = ["ada", "bob", "cid", "dan", "eve"] as const;
/** Covers several times a lease, the wait after its end, and the longest pauses of a deliverer and of the log. */
const RECOVERY_MS = 600_000;

/** One random fault or repair of the nodes or the backend. */
function mishap(world: FallibleWorld): void {
  const { random, alive, processes } = world;
  const chance = random.next();
  const victim = alive[random.below(alive.length)];
  if (chance < 0.03 && victim) victim.isDead = true;
  else if (chance < 0.04 && victim) void victim.stop();
  else if (chance < 0.06 && victim) Object.assign(victim, { isCutOff: true, wasCutOff: true });
  else if (chance < 0.12) for (const each of processes) each.isCutOff = false;
  else if (chance < 0.2) world.backendIsUp = !world.backendIsUp;
  else if (chance < 0.26) {
    const missing = NODES.find((nodeId) => !alive.some((each) => each.nodeId === nodeId));
    if (missing) world.start(missing);
  }
}

async function live(seed: number, batch: number): Promise<FallibleWorld> {
  const world = new FallibleWorld(new Random(seed), { batch });
  const { random, clock } = world;
  for (const nodeId of NODES) world.start(nodeId);
  for (let step = 0; step < STEPS; step += 1) {
    for (const each of world.alive) if (random.next() < 0.7) each.tell(random.pick(SUBJECTS));
    mishap(world);
    await clock.advance(random.below(random.next() < 0.1 ? 15_000 : 500));
  }
  world.isCalm = true;
  world.backendIsUp = true;
  for (const each of world.processes) each.isCutOff = false;
  if (world.alive.every(({ isStopping }) => isStopping)) world.start("d");
  for (let passed = 0; passed < RECOVERY_MS; passed += 1_000) {
    await clock.advance(1_000);
    if (world.events.runs.size === 0) break;
  }
  return world;
}

const idsOf = (events: readonly BackendEvent[]) => events.map(({ id }) => id);

/** The events of each process in the order of the log. A process begins with its `node_started`. */
function byProcess(logged: readonly BackendEvent[]): BackendEvent[][] {
  const latest = new Map<string, BackendEvent[]>();
  const all: BackendEvent[][] = [];
  for (const event of logged) {
    if (event.type === "node_started") {
      latest.set(event.nodeId, []);
      all.push(latest.get(event.nodeId) ?? []);
    }
    latest.get(event.nodeId)?.push(event);
  }
  return all;
}

test.each([1, 7, 100])(
  "when nodes die or are cut off and the backend fails, all logged events arrive, in order for each process, up to %i at once",
  { timeout: 60_000 },
  async (batch) => {
    let [died, partitions, largest] = [0, 0, 0];
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const world = await live(seed, batch);
      expect(world.errors, `seed ${seed}`).toEqual([]);
      const logged = (await new MemoryEventLog(world.events, "reader").read(undefined, 1_000_000)).events;
      const arrived = [...new Map(world.taken.map((event) => [event.id, event])).values()];
      expect(new Set(idsOf(arrived)), `seed ${seed}`).toEqual(new Set(idsOf(logged)));
      expect(world.events.runs.size, `seed ${seed}`).toBe(0);
      // Events of a node that the others took for dead may overtake its older events that another node delivers.
      const twofold = new Set(world.processes.filter(({ wasCutOff }) => wasCutOff).map(({ nodeId }) => nodeId));
      for (const events of byProcess(logged).filter(([first]) => !twofold.has(first?.nodeId ?? ""))) {
        for (const subject of SUBJECTS) {
          const partition = idsOf(events.filter(({ callId }) => callId === subject));
          const known = new Set(partition);
          const order = idsOf(arrived).filter((id) => known.has(id));
          expect(order, `seed ${seed}, ${events[0]?.nodeId}, ${subject}`).toEqual(partition);
          partitions += 1;
        }
      }
      largest = Math.max(largest, world.largest);
      died += world.processes.filter(({ isDead }) => isDead).length;
    }
    // The test would prove nothing if no node had died, or if all had been cut off.
    expect(largest).toBeGreaterThanOrEqual(Math.min(batch, 10));
    expect(largest).toBeLessThanOrEqual(batch);
    expect(died).toBeGreaterThan(SEEDS);
    expect(partitions).toBeGreaterThan(SEEDS * SUBJECTS.length);
  },
);
