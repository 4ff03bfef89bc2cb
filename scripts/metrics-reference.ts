/**
 * Makes `docs/metrics.md` from what the service answers to a scrape, so that the reference cannot name anything else than
 * the code has. `npm run docs` writes it; a test fails when it was not run.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { format, resolveConfig } from "prettier";
import { buildApp } from "../src/composition/app.js";
import { loadConfig } from "../src/config/load.js";
import { createLogger } from "../src/observability/logger.js";

export const TARGET = fileURLToPath(new URL("../docs/metrics.md", import.meta.url));
const CONFIG_DIRECTORY = fileURLToPath(new URL("../config", import.meta.url));

interface Metric {
  name: string;
  type: string;
  help: string;
  /** Label names with their values, in the order of the scrape. */
  labels: Map<string, Set<string>>;
  buckets: string[];
}

/** Labels whose values say which build this is; they differ from one scrape to the next. */
const IDENTITY = new Set(["version", "node_version", "node"]);

/** Chapters, each with the first words of its metrics' names. */
const CHAPTERS: readonly { title: string; text: string; words: readonly string[] }[] = [
  {
    title: "Sessions",
    text: "Who is here, who came and who left. [The wire protocol](protocol.md) explains the states and reasons.",
    words: ["sessions", "connections", "rooms", "participants", "audience", "blocks"],
  },
  {
    title: "Ghosts and cleanup",
    text: "A ghost is a session that is over its deadline and still here. A healthy service has ghosts only for moments: until the next sweep (30 s) for silent sessions, for a quarter of a second otherwise.",
    words: ["ghost", "false", "sweep", "sweeps", "holds", "cleanup", "cleanups", "stuck"],
  },
  {
    title: "Who is away",
    text: "How soon the others see that somebody is away, and what is asked for that. [How a ghost is found](detection.md) explains it.",
    words: ["away", "watched", "probe", "probes"],
  },
  {
    title: "Traffic",
    text: "The service counts a heartbeat as a heartbeat and as a message, and `alive` as a message only. [The wire protocol](protocol.md) explains the codes.",
    words: ["heartbeat", "heartbeats", "messages", "socket", "refused", "unread", "jwks", "admin", "http"],
  },
  {
    title: "Media",
    text: "What mediasoup holds. An orphan is a media object that belongs to no session. The service closes it when two comparisons in a row have seen it.",
    words: ["media", "agents"],
  },
  { title: "Calls", text: "Calls between two users.", words: ["calls"] },
  {
    title: "Many nodes and your backend",
    text: "What this node sees: Redis, the other nodes, and the webhooks that wait for your backend.",
    words: ["redis", "node", "nodes", "takeovers", "webhook"],
  },
  {
    title: "Process",
    text: "`/metrics` also has the default metrics of Node and of the process.",
    words: ["event", "build"],
  },
];

const INTRODUCTION = `# Metrics

<!-- Written by \`npm run docs\` from the service's own answer; do not edit. -->

Prometheus reads \`GET /metrics\`. With \`METRICS_TOKEN\` the request needs \`Authorization: Bearer <token>\`. All times are seconds. No
label names a user, a room or a session. The service reads gauges from its own state at each scrape, so they cannot drift. Every value of
every label exists from the start, so the first step of a counter is an increase. Each node reports only itself; \`sum()\` is the whole
service.

\`config/prometheus/\` has a scrape configuration, recording rules and alerts with unit tests; \`config/grafana/\` has a dashboard.

| question                                          | ask                                                                                               |
| ------------------------------------------------- | ------------------------------------------------------------------------------------------------- |
| Are there ghosts, and since when?                 | \`max(lastseen_ghost_oldest_age_seconds)\`                                                          |
| How long do the others see somebody who has gone? | \`histogram_quantile(0.95, sum by (le, cause) (rate(lastseen_ghost_detection_seconds_bucket[1h])))\` |
| How long until the others see that somebody is away? | \`histogram_quantile(0.95, sum by (le, cause) (rate(lastseen_away_detection_seconds_bucket[1h])))\` |
| Was anybody thrown out who was alive?             | \`increase(lastseen_false_evictions_total[1d])\`                                                    |
| Does the sweep run?                               | \`time() - lastseen_sweep_last_success_timestamp_seconds\`                                          |
| Is everything of theirs gone?                     | \`lastseen_stuck_sessions\`, \`lastseen_media_orphans\`                                               |
| Do clients find their session after a reload?     | \`sum by (result) (rate(lastseen_sessions_resumed_total[1h]))\`                                     |
`;

/** Everything of the service's own that one scrape shows. */
async function scrape(): Promise<Metric[]> {
  const config = loadConfig(
    { LASTSEEN_ENV: "test", PORT: "0", SFU_WORKERS: "0", LOG_LEVEL: "silent" },
    CONFIG_DIRECTORY,
  );
  const app = await buildApp(config, createLogger({ level: config.LOG_LEVEL, pretty: false, nodeId: config.NODE_ID }));
  try {
    return read((await app.http.inject("/metrics")).payload);
  } finally {
    await app.close();
  }
}

function read(text: string): Metric[] {
  const metrics = new Map<string, Metric>();
  for (const line of text.split("\n")) {
    const comment = /^# (HELP|TYPE) (lastseen_\w+) (.*)$/.exec(line);
    if (comment) {
      const [, part, name = "", rest = ""] = comment;
      if (part === "HELP") metrics.set(name, { name, type: "", help: rest, labels: new Map(), buckets: [] });
      else (metrics.get(name) ?? unknown(name)).type = rest;
      continue;
    }
    const sample = /^(lastseen_\w+?)(_bucket|_sum|_count)?(?:\{(.*)\})? \S+$/.exec(line);
    if (!sample) continue;
    const [, base = "", suffix = "", labels = ""] = sample;
    const metric = metrics.get(base + suffix) ?? metrics.get(base) ?? unknown(base);
    for (const [, label = "", value = ""] of labels.matchAll(/(\w+)="([^"]*)"/g)) {
      if (label === "le") metric.buckets.push(value);
      else metric.labels.set(label, (metric.labels.get(label) ?? new Set()).add(value));
    }
  }
  return [...metrics.values()];
}

export async function metricsReference(): Promise<string> {
  const metrics = await scrape();
  const chapters = CHAPTERS.map(({ title, text, words }) => ({
    title,
    text,
    metrics: metrics.filter(({ name }) => words.includes(firstWord(name))).sort((a, b) => a.name.localeCompare(b.name)),
  }));
  const placed = new Set(chapters.flatMap(({ metrics: all }) => all));
  const homeless = metrics.filter((metric) => !placed.has(metric)).map(({ name }) => name);
  if (homeless.length > 0) throw new Error(`no chapter of docs/metrics.md takes ${homeless.join(", ")}`);
  const text = [
    INTRODUCTION,
    ...chapters
      .filter(({ metrics: all }) => all.length > 0)
      .flatMap(({ title, text: about, metrics: all }) => [`## ${title}`, about, table(all)]),
  ].join("\n\n");
  return format(text, { ...(await resolveConfig(TARGET)), parser: "markdown" });
}

function table(metrics: readonly Metric[]): string {
  const rows = metrics.map(({ name, type, help, labels, buckets }) => {
    const values = [...labels].map(([label, all]) => describe(label, all));
    const bounds = [...new Set(buckets)].filter((bound) => bound !== "+Inf");
    if (bounds.length > 0) values.push(`buckets: ${bounds.join(", ")}`);
    return `| \`${name}\` | ${type} | ${values.join("<br>") || "–"} | ${help} |`;
  });
  return ["| metric | type | labels | meaning |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

function describe(label: string, values: ReadonlySet<string>): string {
  if (IDENTITY.has(label)) return `\`${label}\``;
  return `\`${label}\`: ${[...values].join(", ")}`;
}

function firstWord(name: string): string {
  return name.split("_")[1] ?? "";
}

function unknown(name: string): never {
  throw new Error(`the scrape has a sample of ${name}, but no HELP before it`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  writeFileSync(TARGET, await metricsReference());
}
