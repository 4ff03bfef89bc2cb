import { until } from "../../support/until.js";
import type { SlowLog } from "./redis-inspection.js";
import type { RemoteCrowd } from "../../support/crowd/remote-crowd.js";
import type { Survivor } from "./survivor.js";

interface Sources {
  bystanders: RemoteCrowd;
  survivors: readonly Survivor[];
  slowLog: SlowLog;
}

/** Measurements of bystanders, survivors and Redis in each phase. The test asserts few of them, as the machine has other work. */
export class Report {
  /** The longest time for which a ping waited for its pong at the end of a phase. */
  unansweredMs = 0;
  readonly #bystanders: RemoteCrowd;
  readonly #survivors: readonly Survivor[];
  readonly #slowLog: SlowLog;
  readonly #lines: string[] = [];
  #roundTrips: number[] = [];

  private constructor(sources: Sources) {
    this.#bystanders = sources.bystanders;
    this.#survivors = sources.survivors;
    this.#slowLog = sources.slowLog;
  }

  /** Begins a report. It ignores everything before. */
  static async begin(sources: Sources): Promise<Report> {
    const report = new Report(sources);
    await report.phase("");
    report.#lines.length = 0;
    return report;
  }

  /** Resolves when the bystanders have received this number of pongs. */
  async pongs(count: number): Promise<void> {
    await until(async () => {
      await this.#hear();
      return this.#roundTrips.length >= count;
    }, 60_000);
  }

  /** Ends a phase and adds its measurements. */
  async phase(name: string): Promise<void> {
    this.unansweredMs = Math.max(this.unansweredMs, await this.#hear());
    const delays = await Promise.all(this.#survivors.map((node) => node.longestDelay()));
    const slow = await this.#slowLog.take();
    const trips = this.#roundTrips.toSorted((a, b) => a - b);
    const at = (share: number): string =>
      ms(trips[Math.min(trips.length - 1, Math.floor(trips.length * share))] ?? NaN);
    this.#roundTrips = [];
    this.#lines.push(
      `${name}: ${trips.length} pongs, p50 ${at(0.5)}, p99 ${at(0.99)}, worst ${at(1)}`,
      `  longest delay of the event loops: ${delays.map(ms).join(", ")}`,
      `  scripts of a millisecond or more: ${slow.length}, longest of each: ${longestOfEach(slow)}`,
    );
  }

  print(more: readonly string[]): void {
    process.stdout.write([...this.#lines, ...more, ""].join("\n"));
  }

  async #hear(): Promise<number> {
    const { roundTrips, waitingMs } = await this.#bystanders.heartbeats();
    this.#roundTrips = this.#roundTrips.concat(roundTrips);
    return waitingMs;
  }
}

function longestOfEach(slow: readonly { script: string; ms: number }[]): string {
  const longest = new Map<string, number>();
  for (const run of slow) longest.set(run.script, Math.max(run.ms, longest.get(run.script) ?? 0));
  return [...longest].map(([script, value]) => `${script} ${ms(value)}`).join(", ");
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}
