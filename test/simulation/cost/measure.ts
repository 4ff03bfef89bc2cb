/** Measures what a session costs as their number grows: time for a heartbeat and for the passes over all sessions, and memory. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Random } from "../../support/random.js";
import type { Session } from "../../../src/session/session.js";
import { LoadedService } from "./loaded-service.js";

/** Passes that find nobody run in batches, and the median batch counts, because a garbage collection disturbs some. */
const BATCHES = 41;
const PASSES = 50;
/** One in so many sessions falls silent. If more than a fifth did, the hold guard would delay the sweep. */
const SILENT = 10;
/** Every watched session is asked after less, also where there are so many that the intervals are longer. */
const SILENT_FOR_MS = 20_000;

export interface CostSample {
  sessions: number;
  /** Registry, expiry lists and rooms, without sockets and media. */
  bytesPerSession: number;
  openNs: number;
  heardNs: number;
  /** A sign of life of a session that others see. Its socket is watched too. */
  watchedNs: number;
  /** A watched session that was silent is found, asked, and answers. */
  askedNs: number;
  /** A watch and a sweep that find nobody. */
  watchUs: number;
  sweepUs: number;
  /** Time per ghost of a sweep that finds one session in ten, claims and removes it and reports it. */
  reapNs: number;
}

/** @param most the largest number of sessions; smaller numbers are measured first */
export async function measureCost(most: number, say: (line: string) => void): Promise<CostSample[]> {
  const samples: CostSample[] = [];
  // A first measurement would also measure the compiler, so its result is dropped.
  await measure(Math.min(most, 20_000));
  for (const sessions of [...steps(most), most]) {
    const sample = await measure(sessions);
    samples.push(sample);
    say(`measured ${sessions} sessions`);
  }
  return samples;
}

function* steps(most: number): Generator<number> {
  for (let power = 10_000; power < most; power *= 10) {
    yield power;
    if (power * 3 < most) yield power * 3;
  }
}

async function measure(count: number): Promise<CostSample> {
  const before = await heapBytes();
  const loaded = new LoadedService();
  const [sessions, openMs] = await timed(() => loaded.open(count));
  const bytesPerSession = ((await heapBytes()) - before) / count;
  // Clients ping in random order, not in the order in which they joined.
  const { sweeper, liveness } = loaded.service;
  shuffle(sessions, new Random(count));
  const heardMs = signs(sessions, (session) => liveness.heard(session));
  loaded.setWatched(sessions, true);
  const watchedMs = signs(sessions, (session) => loaded.spoke(session));
  const askedMs = ask(loaded, sessions);
  const watchUs = await medianUs(async () => {
    await sweeper.watch();
    loaded.sockets.advance();
  });
  loaded.setWatched(sessions, false);
  const sweepUs = await medianUs(() => sweeper.sweep());
  const silent = Math.ceil(count / SILENT);
  for (let rounds = 0; rounds < 4; rounds++) {
    loaded.pass(40_000);
    for (const session of sessions.slice(silent)) liveness.heard(session);
    await sweeper.watch();
  }
  const [report, reapMs] = await timed(() => sweeper.sweep());
  if (report.reaped.length !== silent) throw new Error(`${report.reaped.length} of ${silent} were reaped`);
  return {
    sessions: count,
    bytesPerSession: Math.round(bytesPerSession),
    openNs: Math.round((openMs * 1e6) / count),
    heardNs: Math.round((heardMs * 1e6) / count),
    watchedNs: Math.round((watchedMs * 1e6) / count),
    askedNs: Math.round((askedMs * 1e6) / count),
    watchUs,
    sweepUs,
    reapNs: Math.round((reapMs * 1e6) / silent),
  };
}

/** Sends signs of life of all sessions, often enough to measure them. Returns the milliseconds of one round. */
function signs(sessions: readonly Session[], give: (session: Session) => void): number {
  const rounds = roundsOf(sessions);
  const startedAt = cpuMs();
  for (let round = 0; round < rounds; round++) for (const session of sessions) give(session);
  return (cpuMs() - startedAt) / rounds;
}

/** All watched sessions were silent, are asked, and answer. Returns the milliseconds of one round, without what the clients do. */
function ask(loaded: LoadedService, sessions: readonly Session[]): number {
  const rounds = roundsOf(sessions);
  let spentMs = 0;
  for (let round = 0; round < rounds; round++) {
    loaded.pass(SILENT_FOR_MS);
    const startedAt = cpuMs();
    loaded.sockets.advance();
    for (const session of sessions) loaded.spoke(session);
    spentMs += cpuMs() - startedAt;
  }
  return spentMs / rounds;
}

function roundsOf(sessions: readonly Session[]): number {
  return Math.max(1, Math.round(1_000_000 / sessions.length));
}

/** Microseconds of one pass. */
async function medianUs(pass: () => Promise<unknown>): Promise<number> {
  const batches: number[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    const startedAt = performance.now();
    for (let count = 0; count < PASSES; count++) await pass();
    batches.push(((performance.now() - startedAt) * 1_000) / PASSES);
  }
  return batches.toSorted((a, b) => a - b)[(BATCHES - 1) / 2] ?? 0;
}

async function timed<T>(work: () => Promise<T>): Promise<[result: T, ms: number]> {
  const startedAt = cpuMs();
  const result = await work();
  return [result, cpuMs() - startedAt];
}

/** Processor time of this process. Other processes on the machine change it little. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function shuffle(items: Session[], random: Random): void {
  for (let index = items.length - 1; index > 0; index--) {
    const other = random.below(index + 1);
    [items[index], items[other]] = [items[other] as Session, items[index] as Session];
  }
}

async function heapBytes(): Promise<number> {
  setFlagsFromString("--expose_gc");
  const collect = runInNewContext("gc") as () => void;
  let used = Infinity;
  // Finalizers run after a collection, so that only the next collection frees some objects.
  for (let unchanged = 0; unchanged < 3;) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    collect();
    const { heapUsed } = process.memoryUsage();
    unchanged = heapUsed > used * 0.999 ? unchanged + 1 : 0;
    used = heapUsed;
  }
  return used;
}
