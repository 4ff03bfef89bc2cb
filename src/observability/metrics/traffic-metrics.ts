import { CLOSE_CODES, ERRORS, type ErrorCode } from "@lastseen/protocol";
import { REFUSAL_REASONS } from "../../kernel/refusals.js";
import type { Counter, Histogram, Instruments } from "../instruments.js";
import type { MetricSources } from "../sources.js";

const GAP_BUCKETS = [1, 5, 15, 25, 29, 30, 31, 35, 45, 60, 90, 120];

/** Heartbeats, messages and the ends of sockets. */
export class TrafficMetrics {
  readonly #instruments: Instruments;
  readonly #heartbeatGap: Histogram;
  readonly #keyFetches: Counter;
  readonly #adminGuesses: Counter;
  readonly #httpRefusals: Counter;

  constructor(instruments: Instruments) {
    this.#instruments = instruments;
    this.#heartbeatGap = instruments.histogram(
      "heartbeat_gap_seconds",
      "Time between a heartbeat and the application message before it.",
      GAP_BUCKETS,
    );
    this.#keyFetches = instruments.counter(
      "jwks_fetches_total",
      "Questions to JWT_JWKS_URL for the keys that check tokens.",
      { result: ["ok", "failed"] },
    );
    this.#adminGuesses = instruments.counter(
      "admin_guesses_total",
      "Requests with a wrong admin or metrics token, by the setting of the right one.",
      { setting: ["ADMIN_TOKEN", "METRICS_TOKEN", "AGENT_TOKEN"] },
    );
    this.#httpRefusals = instruments.counter(
      "http_rejected_total",
      "HTTP requests that a route answered with an error.",
      {
        code: Object.keys(ERRORS),
      },
    );
  }

  countKeyFetch(result: "ok" | "failed"): void {
    this.#keyFetches.inc({ result });
  }

  countAdminGuess(setting: "ADMIN_TOKEN" | "METRICS_TOKEN" | "AGENT_TOKEN"): void {
    this.#adminGuesses.inc({ setting });
  }

  countHttpRefusal(code: ErrorCode): void {
    this.#httpRefusals.inc({ code });
  }

  /** @param gapMs milliseconds */
  observeHeartbeatGap(gapMs: number): void {
    this.#heartbeatGap.observe(gapMs / 1000);
  }

  /** The gateway keeps these counts as plain numbers, because they change with every heartbeat. */
  readFrom(sources: MetricSources): void {
    this.#instruments.mirror("heartbeats_total", "Heartbeats answered.", () => sources.heartbeats());
    this.#instruments.mirror("messages_received_total", "Frames received.", () => sources.messagesReceived());
    this.#instruments.mirrorAll("messages_rejected_total", "Requests answered with an error.", {
      label: "code",
      known: Object.keys(ERRORS),
      read: () => sources.messagesRejected(),
    });
    this.#instruments.mirrorAll("socket_closes_total", "Sockets ended, by close code.", {
      label: "code",
      known: Object.values(CLOSE_CODES).map(({ code }) => String(code)),
      read: () => sources.socketCloses(),
    });
    this.#instruments.mirrorAll("refused_total", "Clients turned away or cut off, by the reason.", {
      label: "why",
      known: REFUSAL_REASONS,
      read: () => sources.refused(),
    });
    this.#instruments.gauge("unread_bytes", "Bytes that clients have not read yet.", [], (gauge) =>
      gauge.set(sources.unreadBytes()),
    );
  }
}
