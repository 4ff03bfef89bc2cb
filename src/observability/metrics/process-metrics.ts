import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Instruments } from "../instruments.js";

const LAG_RESOLUTION_MS = 20;

/** The build, and how late the event loop runs. */
export class ProcessMetrics {
  readonly #lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });

  constructor(instruments: Instruments, build: { version: string; nodeVersion: string; nodeId: string }) {
    this.#lag.enable();
    instruments.gauge(
      "event_loop_lag_seconds",
      "99th percentile of the event loop's delay since the last scrape.",
      [],
      (gauge) => {
        // The histogram measures whole intervals. An interval that is on time is no delay, so one interval is subtracted.
        const delayMs = this.#lag.percentile(99) / 1e6 - LAG_RESOLUTION_MS;
        gauge.set(this.#lag.count === 0 ? 0 : Math.max(0, delayMs) / 1000);
        this.#lag.reset();
      },
    );
    instruments.gauge(
      "build_info",
      "Always 1; the build in the labels.",
      ["version", "node_version", "node"],
      (gauge) => gauge.set({ version: build.version, node_version: build.nodeVersion, node: build.nodeId }, 1),
    );
  }

  close(): void {
    this.#lag.disable();
  }
}
