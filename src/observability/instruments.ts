/**
 * The only file that uses prom-client. Counters and histograms have all their label values from the start. Gauges and mirrored
 * counters read their value at each scrape.
 */
import {
  Counter as PromCounter,
  Gauge,
  Histogram as PromHistogram,
  Registry,
  collectDefaultMetrics,
} from "prom-client";

export interface Counter {
  /** @param by 1 when left out */
  inc(labels?: Record<string, string>, by?: number): void;
}

export interface Histogram {
  observe(value: number): void;
  observe(labels: Record<string, string>, value: number): void;
}

/** Gauges of prom-client that are named like counters. Others have the same numbers by type. */
const MISNAMED = [
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
] as const;

/** One label and the values that it may have. */
type Label = Record<string, readonly string[]>;

export interface GaugeWriter {
  set(value: number): void;
  set(labels: Record<string, string>, value: number): void;
}

export class Instruments {
  readonly #registry = new Registry();
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
    collectDefaultMetrics({ register: this.#registry });
    for (const name of MISNAMED) this.#registry.removeSingleMetric(name);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  expose(): Promise<string> {
    return this.#registry.metrics();
  }

  close(): void {
    this.#registry.clear();
  }

  counter(name: string, help: string, label: Label = {}): Counter {
    const counter = new PromCounter({ ...this.#base(name, help), labelNames: Object.keys(label) });
    for (const labels of combinations(label)) counter.inc(labels, 0);
    return {
      inc: (labels = {}, by = 1) => counter.inc(labels, by),
    };
  }

  histogram(name: string, help: string, buckets: number[], label: Label = {}): Histogram {
    const histogram = new PromHistogram({ ...this.#base(name, help), buckets, labelNames: Object.keys(label) });
    for (const labels of combinations(label)) histogram.zero(labels);
    return histogram;
  }

  /** @param read called at each scrape */
  gauge(name: string, help: string, labelNames: string[], read: (gauge: GaugeWriter) => void): void {
    new Gauge({
      ...this.#base(name, help),
      labelNames,
      collect() {
        read(this);
      },
    });
  }

  /** A counter whose value another part keeps. */
  mirror(name: string, help: string, read: () => number): void {
    new PromCounter({
      ...this.#base(name, help),
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }

  /** A counter with one label, whose values another part keeps. */
  mirrorAll(
    name: string,
    help: string,
    source: { label: string; known: readonly string[]; read: () => ReadonlyMap<string | number, number> },
  ): void {
    const { label, known, read } = source;
    new PromCounter({
      ...this.#base(name, help),
      labelNames: [label],
      collect() {
        this.reset();
        for (const value of known) this.inc({ [label]: value }, 0);
        for (const [value, count] of read()) this.inc({ [label]: String(value) }, count);
      },
    });
  }

  /** A counter with several labels, whose values another part keeps. */
  mirrorEach(
    name: string,
    help: string,
    labelNames: string[],
    read: () => Iterable<{ labels: Record<string, string>; count: number }>,
  ): void {
    new PromCounter({
      ...this.#base(name, help),
      labelNames,
      collect() {
        this.reset();
        for (const { labels, count } of read()) this.inc(labels, count);
      },
    });
  }

  #base(name: string, help: string): { name: string; help: string; registers: Registry[] } {
    return { name: this.#prefix + name, help, registers: [this.#registry] };
  }
}

/** Every combination of the labels' values; one empty combination when there is no label. */
function combinations(label: Label): Record<string, string>[] {
  return Object.entries(label).reduce<Record<string, string>[]>(
    (rows, [name, values]) => rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value }))),
    [{}],
  );
}
