/**
 * What heartbeats cost Redis: 10,000 clients that ping each 30 s, of a real service with a real Redis, beside a key with a
 * time to live for each session that every ping renews. Prints a table; `--write` puts it into `docs/redis-commands.md`.
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
/** What the service's connections send themselves; everything else is run by its scripts. */
const SENT_BY_SERVICE = /^(evalsha|eval|ping|hello|client\|setname|subscribe)$/;

interface Usage {
  /** Commands that arrived over connections. */
  sent: number;
  /** All of them, with those that scripts ran. */
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

/** A key for each session, written by every ping. */
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

/** The service, with as many people in rooms of ten: while they come, while they ping, while they go. */
async function measureService(): Promise<{ join: Usage; steady: Usage; leave: Usage }> {
  const service = await ServiceProcess.start({ SFU_WORKERS: "0", LOG_LEVEL: "warn", REDIS_URL: redis.url });
  const holds = (count: number) => async (): Promise<boolean> => (await service.sessions()) === count;
  const programs = await compilePrograms(here("../dist/main.js"));
  const load = new LoadGenerator(programs, "lastseen", service.port);
  try {
    const empty = await usage(SENT_BY_SERVICE);
    await load.connect(sessions);
    for (const step of [0, 1]) await load.greet(step);
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
    // The bench's own question.
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
    `Generated by \`npx tsx bench/redis-commands.ts --write\` on ${new Date().toISOString().slice(0, 10)}; edits are lost with the next run.`,
    "",
    ...describeMachine().map((line) => `- ${line}`),
    `- Load of the last minute: ${describeLoad().text}; everything on this one machine.`,
    "",
    ...lines,
    "",
    `Everybody pings each ${HEARTBEAT_SECONDS} s; counted for ${seconds} s by Redis itself (\`INFO commandstats\`). A key per session is`,
    `\`SET session:… EX ${TTL_SECONDS}\` for every ping. Lastseen renews the node's lease and makes sure that its connection for`,
    "messages still answers, each every two seconds, and compares its books with Redis once in a while; a ping touches nothing.",
    `So the first grows with the people, the second with the nodes: 100,000 people in such nodes are ${tenfold} commands per second`,
    `in the one case and about ${nodes} in the other.`,
    "",
    "The second table is what Lastseen does instead: scripts when somebody comes and goes.",
    "",
  ].join("\n");
}

function pause(forMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, forMs));
}
