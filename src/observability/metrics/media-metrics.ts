import type { MediaKind } from "../../ports/media-plane.js";
import type { Counter, Instruments } from "../instruments.js";
import type { MetricSources } from "../sources.js";

const MEDIA_KINDS: readonly MediaKind[] = ["router", "transport", "producer", "consumer"];

/** What mediasoup holds in this process, and the workers that died. */
export class MediaMetrics {
  readonly #instruments: Instruments;
  readonly #orphansClosed: Counter;
  readonly #workerDeaths: Counter;

  constructor(instruments: Instruments) {
    this.#instruments = instruments;
    this.#orphansClosed = instruments.counter(
      "media_orphans_closed_total",
      "Media objects closed for want of a session.",
      { kind: MEDIA_KINDS },
    );
    this.#workerDeaths = instruments.counter("media_worker_deaths_total", "mediasoup workers that died.");
  }

  countOrphanClosed(kind: MediaKind): void {
    this.#orphansClosed.inc({ kind });
  }

  countWorkerDeath(): void {
    this.#workerDeaths.inc();
  }

  /** Whether nobody can tell of media that is made by others. */
  readSight(isUnseen: () => boolean): void {
    this.#instruments.gauge(
      "media_unseen",
      "1 while nobody can tell whether media of ended sessions is left: no mediasoup worker was seen, or an agent is away.",
      [],
      (gauge) => gauge.set(isUnseen() ? 1 : 0),
    );
  }

  /** Agents that are connected to this node, or were a moment ago. @param lost those that it does not wait for any more */
  readAgents(count: () => Readonly<Record<"connected" | "away", number>>, lost: () => number): void {
    this.#instruments.mirror(
      "agents_lost_total",
      "Agents that were connected to this node and have been away for two minutes; nobody waits for them any more.",
      lost,
    );
    this.#instruments.gauge(
      "agents",
      "Agents that are connected to this node, or were in the last ten minutes and are away.",
      ["state"],
      (gauge) => {
        for (const [state, agents] of Object.entries(count())) gauge.set({ state }, agents);
      },
    );
  }

  readFrom(sources: MetricSources): void {
    this.#instruments.gauge("media_workers", "mediasoup workers that are alive.", [], (gauge) =>
      gauge.set(sources.media().workers),
    );
    this.#instruments.gauge("media_objects", "mediasoup objects in this process.", ["kind"], (gauge) => {
      const counts = sources.media();
      for (const kind of MEDIA_KINDS) gauge.set({ kind }, counts[kind]);
    });
    this.#instruments.gauge("media_orphans", "mediasoup objects without a live session.", ["kind"], (gauge) => {
      const orphans = sources.orphans();
      for (const kind of MEDIA_KINDS) gauge.set({ kind }, orphans[kind]);
    });
    this.#instruments.gauge(
      "media_foreign",
      "mediasoup objects that other code of this process has made; never closed.",
      ["kind"],
      (gauge) => {
        for (const [kind, count] of Object.entries(sources.foreignMedia())) gauge.set({ kind }, count);
      },
    );
  }
}
