/**
 * The table of deadlines of `docs/detection.md`, made by asking the verdict itself: for each kind of evidence, when the others
 * see the session as away and when it is a ghost, and which setting moves that.
 */
import { fileURLToPath } from "node:url";
import { settingsOf } from "../src/composition/settings.js";
import { loadConfig } from "../src/config/load.js";
import { firstEvidence, type Evidence } from "../src/session/evidence.js";
import { judge, type LivenessPolicy } from "../src/session/verdict.js";

const CONFIG_DIRECTORY = fileURLToPath(new URL("../config", import.meta.url));

/** The settings behind the deadlines. The other deadlines are fixed. */
const SETTINGS: Partial<Record<keyof LivenessPolicy, string>> = {
  awayAfterMs: "AWAY_AFTER_MS",
  idleTimeoutMs: "IDLE_TIMEOUT_MS",
  resumeGraceMs: "RESUME_GRACE_MS",
  reloadGraceMs: "RELOAD_GRACE_MS",
  probeAnswerMs: "PROBE_INTERVAL_MS",
};

/** What is known, and since when the deadlines count. The evidence begins at 0. */
const CASES: readonly { known: string; since: string; evidence: Partial<Evidence> }[] = [
  { known: "The page has said nothing.", since: "its last message", evidence: {} },
  { known: "The page was probed and has not answered.", since: "the probe", evidence: { askedAt: 0 } },
  {
    known: "Two WebSocket pings in a row were not answered.",
    since: "the second one's time to answer was over",
    evidence: { socketSilentAt: 0 },
  },
  {
    known: "Its page closed the socket (1000, 1001), or its process was killed (FIN without a close frame).",
    since: "the end of the socket",
    evidence: { socketEnd: { at: 0, kind: "page_closed" } },
  },
  {
    known: "The same, and a new page has said that it is on its way.",
    since: "the end of the socket",
    evidence: { socketEnd: { at: 0, kind: "page_closed" }, heldAt: 0 },
  },
  { known: "The page said goodbye.", since: "the goodbye", evidence: { goodbyeAt: 0 } },
  {
    known: "The connection broke (a reset, or a proxy that died).",
    since: "the end of the socket",
    evidence: { socketEnd: { at: 0, kind: "connection_lost" } },
  },
  {
    known: "The token ran out, and the service closed the socket.",
    since: "the end of the socket",
    evidence: { socketEnd: { at: 0, kind: "token_expired" } },
  },
  {
    known: "Its node has gone, and another one took the session over.",
    since: "the takeover",
    evidence: { socketEnd: { at: 0, kind: "node_lost" } },
  },
  {
    known: "Media is silent, and the page does not answer.",
    since: "the silence was found",
    evidence: { mediaSilentAt: 0 },
  },
  { known: "All media is lost, and the page does not answer.", since: "the loss", evidence: { mediaLostAt: 0 } },
  { known: "The browser has frozen the page, as the page said.", since: "the message", evidence: { frozenAt: 0 } },
];

export interface VerdictRow {
  readonly known: string;
  readonly since: string;
  readonly away: string;
  readonly ghost: string;
  readonly cause: string;
}

export function verdictRows(): VerdictRow[] {
  const { policy } = settingsOf(loadConfig({ LASTSEEN_ENV: "test" }, CONFIG_DIRECTORY));
  return CASES.map(({ known, since, evidence }) => {
    const whole = { ...firstEvidence(0), ...evidence };
    const { cause } = courseOf(whole, policy);
    const told = (which: "awayMs" | "ghostMs"): string => describe(policy, (by) => courseOf(whole, by)[which]);
    return { known, since, away: told("awayMs"), ghost: told("ghostMs"), cause };
  });
}

/** Follows the verdict from one deadline to the next. */
function courseOf(evidence: Evidence, policy: LivenessPolicy): { awayMs: number; ghostMs: number; cause: string } {
  let now = 0;
  let away: { at: number; cause: string } | undefined;
  for (;;) {
    const verdict = judge(evidence, policy, now);
    if (verdict.state !== "present") away ??= { at: now, cause: verdict.cause };
    if (verdict.state === "ghost")
      return { awayMs: away?.at ?? now, ghostMs: now, cause: away?.cause ?? verdict.cause };
    now = verdict.deadline;
  }
}

/** "20 s (`RESUME_GRACE_MS`)": how long, and the setting that moves it. */
function describe(policy: LivenessPolicy, measure: (policy: LivenessPolicy) => number): string {
  const ms = measure(policy);
  const moved = Object.entries(SETTINGS).flatMap(([field, setting]) => {
    const by = measure({ ...policy, [field]: policy[field as keyof LivenessPolicy] + 1 }) - ms;
    return by === 0 ? [] : [by === 1 ? `\`${setting}\`` : `${by} × \`${setting}\``];
  });
  const length = ms === 0 ? "at once" : `${ms / 1_000} s`;
  return moved.length === 0 ? length : `${length} (${moved.join(" + ")})`;
}
