import { LEAVE_REASONS } from "@lastseen/protocol";
import type { Emitter } from "../../kernel/emitter.js";
import type { LifecycleEvents } from "../../session/events.js";
import type { Instruments } from "../instruments.js";
import type { MetricSources } from "../sources.js";

/** Who is here, who came and who left. */
export class SessionMetrics {
  readonly #instruments: Instruments;

  constructor(instruments: Instruments) {
    this.#instruments = instruments;
  }

  follow(lifecycle: Emitter<LifecycleEvents>): void {
    const opened = this.#instruments.counter("sessions_opened_total", "Sessions begun.");
    const closed = this.#instruments.counter(
      "sessions_closed_total",
      "Sessions ended, without those that go on on another node.",
      { reason: LEAVE_REASONS },
    );
    const resumed = this.#instruments.counter("sessions_resumed_total", "Attempts to take a session up again.", {
      result: ["resumed", "refused"],
    });
    const transferred = this.#instruments.counter("sessions_transferred_total", "Sessions moved to another tab.", {
      result: ["transferred", "refused"],
    });
    lifecycle.on("opened", () => opened.inc());
    lifecycle.on("ended", ({ reason, givenUp }) => {
      if (!givenUp) closed.inc({ reason });
    });
    lifecycle.on("resumed", () => resumed.inc({ result: "resumed" }));
    lifecycle.on("resume_refused", () => resumed.inc({ result: "refused" }));
    lifecycle.on("transferred", () => transferred.inc({ result: "transferred" }));
    lifecycle.on("transfer_refused", () => transferred.inc({ result: "refused" }));
  }

  readFrom(sources: MetricSources): void {
    this.#instruments.gauge("sessions", "Sessions by state.", ["state"], (gauge) => {
      for (const [state, count] of Object.entries(sources.sessions())) gauge.set({ state }, count);
    });
    this.#instruments.gauge("connections", "Open WebSockets.", [], (gauge) => gauge.set(sources.connections()));
    this.#instruments.gauge("rooms", "Rooms with at least one participant.", [], (gauge) => gauge.set(sources.rooms()));
    this.#instruments.gauge(
      "blocks",
      "Blocks of users that last, as this node knows them. All nodes share them: take the maximum, not the sum.",
      [],
      (gauge) => gauge.set(sources.blocks()),
    );
    this.#instruments.gauge("participants", "People in all rooms, the audience included.", [], (gauge) =>
      gauge.set(sources.participants()),
    );
    this.#instruments.gauge(
      "audience",
      "People in rooms whom the others do not see: counted and not listed.",
      [],
      (gauge) => gauge.set(sources.audience()),
    );
  }
}
