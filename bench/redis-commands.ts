/**
 * Measures what heartbeats cost Redis. It connects 10,000 clients that ping every 30 s to a real service with a real Redis.
 * It compares this with a key for each session that every ping renews. Prints a table; `--write` writes
 * `docs/redis-commands.md`.
 *
 *     npx tsx bench/redis-commands.ts [--sessions 10000] [--seconds 60] [--write]
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Redis } from "ioredis";
import { RedisServer } from "../test/support/redis-server.js";
import { until } from "../test/support/until.js";
import { compilePrograms } from "./compile.js";
import { LoadGenerator } from "./harness/load-generator.js";
import { ServiceProcess } from "./harness/service-process.js";
import { describeLoad, describeMachine } from "./report/machine.js";
import { table } from "./report/table.js";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const { values } = parseArgs({
  options: {
    sessions: { type: "string", default: "10000" },
    seconds: { type: "string", default: "60" },
    write: { type: "boolean", default: false },
  },
});
const sessions = Number(values.sessions);
const seconds = Number(values.seconds);
const HEARTBEAT_SECONDS = 30;
const TTL_SECONDS = 120;
/** So many clients come at a time. */
const PORTION = 500;
/** The commands that the service's connections send. The scripts run all other commands. */
const SENT_BY_SERVICE = /^(evalsha|eval|ping|hello|client\|setname|subscribe)$/;

interface Usage {
  /** Number of commands that arrived over connections. */
  sent: number;
  /** Number of commands that Redis ran, with those inside scripts. */
  run: number;
  /** Microseconds that Redis spent in commands. */
  spent: number;
}

const say = (text: string): void => console.error(text);
const redis = await RedisServer.start();
try {
  const usual = await measureUsual();
  const { join, steady, leave } = await measureService();
  report(usual, steady, join, leave);
} finally {
  await redis.stop();
}

/** Measures a key for each session that every ping writes. */
async function measureUsual(): Promise<Usage> {
  say(`${sessions} keys, ${seconds} s`);
  const client = new Redis(redis.port, "127.0.0.1");
  const touch = (n: number) =>
    client.set(`session:${n % sessions}`, `{"userId":"user-${n % sessions}"}`, "EX", TTL_SECONDS);
  for (let n = 0; n < sessions; n += 1) await touch(n);
  const before = await usage(/^set$/);
  const startedAt = performance.now();
  for (let n = 0; n < (sessions / HEARTBEAT_SECONDS) * seconds; n += 1) {
    const due = startedAt + (n * HEARTBEAT_SECONDS * 1_000) / sessions;
    if (due > performance.now()) await pause(due - performance.now());
    await touch(n);
  }
  const used = difference(before, await usage(/^set$/));
  await client.flushall();
  client.disconnect();
  return used;
}

/** Measures the service with the same number of people, in rooms of ten: while they join, ping and leave. */
async function measureService(): Promise<{ join: Usage; steady: Usage; leave: Usage }> {
  const service = await ServiceProcess.start({ SFU_WORKERS: "0", LOG_LEVEL: "warn", REDIS_URL: redis.url });
  const holds = (count: number) => async (): Promise<boolean> => (await service.sessions()) === count;
  const programs = await compilePrograms(here("../dist/main.js"));
  const load = new LoadGenerator(programs, "lastseen", service.port);
  try {
    const empty = await usage(SENT_BY_SERVICE);
    // A socket that says nothing for long is closed. On a busy machine all of them together take long to say hello.
    for (let opened = 0; opened < sessions; opened += PORTION) {
      await load.connect(Math.min(PORTION, sessions - opened));
      for (const step of [0, 1]) await load.greet(step);
    }
    await until(holds(sessions), 60_000);
    const full = await usage(SENT_BY_SERVICE);
    say(`${sessions} sessions, ${seconds} s`);
    await load.pace(sessions / HEARTBEAT_SECONDS, seconds * 1_000);
    const pinged = await usage(SENT_BY_SERVICE);
    await load.stop();
    await until(holds(0), 180_000);
    const left = await usage(SENT_BY_SERVICE);
    return { join: difference(empty, full), steady: difference(full, pinged), leave: difference(pinged, left) };
  } finally {
    await load.stop();
    await service.stop();
  }
}

async function usage(sent: RegExp): Promise<Usage> {
  const total: Usage = { sent: 0, run: 0, spent: 0 };
  for (const line of (await redis.cli("info", "commandstats")).split("\n")) {
    const [, name = "", calls, usec] = /^cmdstat_(\S+):calls=(\d+),usec=(\d+)/.exec(line.trim()) ?? [];
    // The bench itself has sent `INFO`.
    if (name === "" || name === "info") continue;
    total.run += name.startsWith("eval") ? 0 : Number(calls);
    if (!sent.test(name)) continue;
    total.sent += Number(calls);
    total.spent += Number(usec);
  }
  return total;
}

function difference(before: Usage, after: Usage): Usage {
  return { sent: after.sent - before.sent, run: after.run - before.run, spent: after.spent - before.spent };
}

function report(usual: Usage, steady: Usage, join: Usage, leave: Usage): void {
  const perSecond = ({ sent, run, spent }: Usage): string[] => [
    (sent / seconds).toFixed(1),
    (run / seconds).toFixed(1),
    `${(spent / seconds / 1_000).toFixed(3)} ms`,
  ];
  const perSession = ({ sent, run, spent }: Usage): string[] => [
    (sent / sessions).toFixed(1),
    (run / sessions).toFixed(1),
    `${(spent / sessions).toFixed(0)} µs`,
  ];
  const count = sessions.toLocaleString("en");
  const lines = [
    table(
      [`${count} sessions, per second`, "commands sent", "run, also by scripts", "time in Redis"],
      [
        ["A key per session, renewed by its pings", ...perSecond(usual)],
        ["Lastseen, one node", ...perSecond(steady)],
      ],
    ),
    "",
    table(
      ["Lastseen, per session", "commands sent", "run, also by scripts", "time in Redis"],
      [
        ["hello and join", ...perSession(join)],
        ["end", ...perSession(leave)],
      ],
    ),
  ];
  console.log(lines.join("\n"));
  if (values.write) writeFileSync(here("../docs/redis-commands.md"), documentOf(lines, usual, steady));
}

function documentOf(lines: readonly string[], usual: Usage, steady: Usage): string {
  const tenfold = ((usual.sent / seconds) * (100_000 / sessions)).toLocaleString("en", { maximumFractionDigits: 0 });
  const nodes = ((steady.sent / seconds) * (100_000 / sessions)).toFixed(0);
  return [
    "# What heartbeats cost Redis",
    "",
    `Generated by \`npx tsx bench/redis-commands.ts --write\` on ${new Date().toISOString().slice(0, 10)}; the next run overwrites this file.`,
    "",
    ...describeMachine().map((line) => `- ${line}`),
    `- Load of the last minute: ${describeLoad().text}; everything ran on this one machine.`,
    "",
    ...lines,
    "",
    `Each client pings every ${HEARTBEAT_SECONDS} s. Redis counted the commands for ${seconds} s (\`INFO commandstats\`). With a key per session, each`,
    `ping sends \`SET session:… EX ${TTL_SECONDS}\`. With Lastseen a ping sends nothing to Redis. Every two seconds a node renews its`,
    "lease, and pings Redis on its connection for messages. Every five minutes, and after an outage, it compares its local state",
    "with Redis. With a key per session the number of commands grows with the number of people; with Lastseen it grows with the",
    `number of nodes. 100,000 people need ${tenfold} commands per second with a key per session, and about ${nodes} with Lastseen on nodes`,
    "of this size.",
    "",
    "The second table shows the work that Lastseen does when a session begins and when it ends.",
    "",
  ].join("\n");
}

function pause(forMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, forMs));
}
