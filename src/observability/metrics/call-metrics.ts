import type { Emitter } from "../../kernel/emitter.js";
import { CALL_OUTCOMES, type LifecycleEvents } from "../../session/events.js";
import type { Instruments } from "../instruments.js";
import type { MetricSources } from "../sources.js";

/** Calls between two users. */
export class CallMetrics {
  readonly #instruments: Instruments;

  constructor(instruments: Instruments) {
    this.#instruments = instruments;
  }

  follow(lifecycle: Emitter<LifecycleEvents>): void {
    const finished = this.#instruments.counter(
      "calls_finished_total",
      "Attempts to call somebody by what they came to.",
      { outcome: CALL_OUTCOMES },
    );
    lifecycle.on("call_finished", ({ outcome }) => finished.inc({ outcome }));
    lifecycle.on("call_refused", ({ outcome }) => finished.inc({ outcome }));
  }

  readFrom(sources: MetricSources): void {
    this.#instruments.gauge("calls", "Live calls whose caller is on this node.", ["state"], (gauge) => {
      for (const [state, count] of Object.entries(sources.calls())) gauge.set({ state }, count);
    });
  }
}
