/**
 * Many people gone at once: a process with 10,000 sessions, each with a real mediasoup transport, is killed, while 2,000
 * others in the same rooms go on. Prints what the living noticed, and how long the service's event loop was away.
 *
 *     npx tsx bench/mass-death.ts [--doomed 10000] [--live 2000] [--transports 1] [--write]
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { until } from "../test/support/until.js";
import { ServiceProcess } from "./harness/service-process.js";
import type { CrowdReport } from "./mass-death/crowd.js";
import { describeLoad, describeMachine } from "./report/machine.js";
import { table } from "./report/table.js";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const { values } = parseArgs({
  options: {
    doomed: { type: "string", default: "10000" },
    live: { type: "string", default: "2000" },
    transports: { type: "string", default: "1" },
    write: { type: "boolean", default: false },
  },
});
const doomedCount = Number(values.doomed);
const liveCount = Number(values.live);
const DEATH_PHASE_MS = 10_000;

const say = (text: string): void => console.error(text);
const service = await ServiceProcess.start({ SFU_WORKERS: "1", LOG_LEVEL: "info" });
const crowds: ChildProcess[] = [];
try {
  await measure();
} finally {
  for (const crowd of crowds) crowd.kill("SIGKILL");
  await service.stop();
}

async function measure(): Promise<void> {
  const [live, doomed] = [await start("live", liveCount), await start("doomed", doomedCount)];
  say("everybody is in; one quiet heartbeat round");
  await pause(6_000);
  await scrape();
  await reportOf(live);
  await pause(6_000);
  const before = { lag: (await scrape()).lag, live: await reportOf(live) };
  const transports = (await scrape()).transports;
  say(`killing ${doomedCount} of ${doomedCount + liveCount}`);
  const killedAt = performance.now();
  doomed.kill("SIGKILL");
  await pause(DEATH_PHASE_MS);
  const death = { lag: (await scrape()).lag, live: await reportOf(live) };
  while ((await service.sessions()) > liveCount) await pause(500);
  const goneAfterMs = performance.now() - killedAt;
  const reaping = { lag: (await scrape()).lag, live: await reportOf(live) };
  await until(async () => (await scrapeText()).closing === 0, 60_000);
  const end = await scrapeText();
  const told = new Map(reaping.live.left);
  const rows = [
    ["before", before],
    [`the first ${DEATH_PHASE_MS / 1_000} s after the kill`, death],
    ["until the last is reaped", reaping],
  ] as const;
  const lines = [
    table(
      ["", "event loop, p99", "ping to pong, p50", "p99", "longest"],
      rows.map(([name, { lag, live: report }]) => [
        name,
        ms(lag * 1_000),
        ...[0.5, 0.99, 1].map((share) => ms(quantile(report.roundTrips, share))),
      ]),
    ),
    "",
    `- sessions gone: ${told.size} of ${doomedCount}, each told once: ${[...told.values()].every((times) => times === 1)}`,
    `- living sockets lost: ${reaping.live.lost}`,
    `- transports before: ${transports}, after: ${end.transports}; cleanups clean: ${end.clean}, retried: ${end.retried}, stuck: ${end.stuck}`,
    `- gone ${(goneAfterMs / 1_000).toFixed(1)} s after the kill (grace of 20 s and a hold of 10 s included)`,
  ];
  console.log(lines.join("\n"));
  if (values.write) writeFileSync(here("../docs/mass-death.md"), documentOf(lines));
}

async function start(kind: "live" | "doomed", count: number): Promise<ChildProcess> {
  const perRoom = Math.max(1, Math.round(count / liveCount));
  const args = [service.ws, String(count), String(perRoom), values.transports, kind];
  const child = fork(here("./mass-death/crowd.ts"), args, { execArgv: ["--import", "tsx"] });
  crowds.push(child);
  await once(child, "message");
  say(`${count} ${kind} in`);
  return child;
}

async function reportOf(crowd: ChildProcess): Promise<CrowdReport> {
  crowd.send("report");
  const [report] = (await once(crowd, "message")) as [CrowdReport];
  return report;
}

/** Asking starts the next interval of the event loop's percentile. */
async function scrape(): Promise<{ lag: number; transports: number }> {
  const { lag, transports } = await scrapeText();
  return { lag, transports };
}

async function scrapeText() {
  const text = await service.metrics();
  const read = (name: string): number =>
    Number(
      text
        .split("\n")
        .find((one) => one.startsWith(`${name} `))
        ?.slice(name.length + 1) ?? 0,
    );
  return {
    lag: read("lastseen_event_loop_lag_seconds"),
    transports: read('lastseen_media_objects{kind="transport"}'),
    closing: read('lastseen_sessions{state="closing"}'),
    clean: read('lastseen_cleanups_total{result="clean"}'),
    retried: read('lastseen_cleanups_total{result="retried"}'),
    stuck: read("lastseen_stuck_sessions"),
  };
}

function documentOf(lines: readonly string[]): string {
  const head = [
    "# Many gone at once",
    "",
    `\`npx tsx bench/mass-death.ts --write\` wrote this file on ${new Date().toISOString().slice(0, 10)}.`,
    "",
    ...describeMachine().map((line) => `- ${line}`),
    `- Load of the last minute: ${describeLoad().text}. Service, worker and all clients ran on this one machine.`,
    "",
    `One process holds ${doomedCount} clients with ${values.transports} mediasoup transport each. The bench kills it. ${liveCount} other clients are in the same rooms and ping every 5 s.`,
    "",
  ];
  return `${[...head, ...lines].join("\n")}\n`;
}

function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}

function pause(forMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, forMs));
}
