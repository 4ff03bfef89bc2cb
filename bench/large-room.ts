/**
 * One room of 2,000: they come within 20 s, and then every second one is gone at once. What the others receive, and how the server
 * goes on meanwhile, beside a room of socket.io.
 *
 *     npx tsx bench/large-room.ts [--people 2000] [--main dist/main.js] [--only lastseen] [--write]
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { compilePrograms, type Programs } from "./compile.js";
import { ask } from "./harness/ask.js";
import { ServerUnderTest } from "./harness/server-under-test.js";
import type { CrowdCommands } from "./large-room/crowd.js";
import { SYSTEMS, type System } from "./large-room/tongues.js";
import { describeLoad } from "./report/machine.js";
import { replaceSection } from "./report/section.js";
import { table } from "./report/table.js";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const { values } = parseArgs({
  options: {
    people: { type: "string", default: "2000" },
    main: { type: "string", default: here("../dist/main.js") },
    only: { type: "string" },
    write: { type: "boolean", default: false },
  },
});
const PEOPLE = Number(values.people);
const JOIN_MS = 20_000;
const SETTLE_MS = 3_000;
/** The graces of Lastseen after a broken connection, and of its hold. */
const GONE_MS = 45_000;
/** Whoever is not in by then does not count. */
const JOIN_AT_MOST_MS = 120_000;
const READY_EVERY_MS = 100;

const TITLES: Readonly<Record<System, string>> = {
  lastseen: "Lastseen",
  audience: "Lastseen, all audience",
  "socket.io": "socket.io room",
};

/** One phase on one system. */
interface Phase {
  megabytes: number;
  cpuSeconds: number;
  loopP99: number;
  /** The longest time until the server answered an HTTP request, milliseconds. */
  slowestAnswer: number;
}

interface Result {
  system: System;
  /** How many of all got into the room, and stayed until the second half of the measurement. */
  inRoom: number;
  join: Phase;
  vanish: Phase;
}

const say = (line: string): void => console.error(line);
const programs = await compilePrograms(values.main);
const results: Result[] = [];
for (const system of SYSTEMS) {
  if (values.only === undefined || values.only === system) results.push(await measure(system, programs));
}
const text = report(results);
console.log(text);
if (values.write) {
  const document = here("../docs/benchmarks.md");
  writeFileSync(document, replaceSection(readFileSync(document, "utf8"), "Large rooms", text));
}

async function measure(system: System, { servers, roomServer, roomCrowd }: Programs): Promise<Result> {
  const isOurs = system !== "socket.io";
  const program = {
    name: `room-${system}`,
    path: isOurs ? servers.lastseen : roomServer,
    env: { MAX_ROOM_SIZE: String(PEOPLE + 1), LOG_LEVEL: "warn" },
  };
  const server = await ServerUnderTest.startProgram(program, programs);
  const crowd = fork(roomCrowd, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  try {
    say(`${TITLES[system]}: ${PEOPLE} come within ${JOIN_MS / 1000} s`);
    const join = await phase(server, crowd, isOurs, async () => {
      const { port } = server;
      const times = { overMs: JOIN_MS, atMostMs: JOIN_AT_MOST_MS };
      await ask<CrowdCommands, "enter">(crowd, "enter", { system, port, count: PEOPLE, ...times });
      await pause(SETTLE_MS);
    });
    const { there } = await ask<CrowdCommands, "received">(crowd, "received", null);
    if (there < PEOPLE) say(`${TITLES[system]}: only ${there} of ${PEOPLE} are in the room`);
    say(`${TITLES[system]}: every second one is gone`);
    await ask<CrowdCommands, "vanish">(crowd, "vanish", null);
    const vanish = await phase(server, crowd, isOurs, () => pause(GONE_MS));
    return { system, inRoom: there, join, vanish };
  } finally {
    const ended = once(crowd, "exit");
    crowd.kill("SIGKILL");
    await ended;
    await server.stop();
  }
}

async function phase(
  server: ServerUnderTest,
  crowd: ChildProcess,
  isOurs: boolean,
  work: () => Promise<void>,
): Promise<Phase> {
  const before = await ask<CrowdCommands, "received">(crowd, "received", null);
  const cpu = await server.cpu();
  await server.watchLoop();
  const watch = watchAnswers(`http://127.0.0.1:${server.port}${isOurs ? "/health/ready" : "/"}`);
  await work();
  const slowestAnswer = await watch.stop();
  const { p99 } = await server.loopDelay();
  const after = await ask<CrowdCommands, "received">(crowd, "received", null);
  return {
    megabytes: (after.bytes - before.bytes) / 1e6,
    cpuSeconds: ((await server.cpu()) - cpu) / 1e6,
    loopP99: p99,
    slowestAnswer,
  };
}

/** Asks again and again how long an answer takes. A server that stands still for too long resets the connection: no answer either. */
function watchAnswers(url: string): { stop(): Promise<number> } {
  let slowest = 0;
  const over = new AbortController();
  const asking = (async () => {
    while (!over.signal.aborted) {
      const askedAt = performance.now();
      const answer = fetch(url, { headers: { connection: "close" } }).then((response) => response.arrayBuffer());
      await answer.catch(() => {});
      slowest = Math.max(slowest, performance.now() - askedAt);
      await pause(READY_EVERY_MS);
    }
  })();
  return {
    async stop() {
      over.abort();
      await asking;
      return slowest;
    },
  };
}

function report(measured: readonly Result[]): string {
  const yardstick = measured.find(({ system }) => system === "socket.io");
  const row = (name: string, inRoom: number, result: Phase, other: Phase | undefined): string[] => [
    name,
    String(inRoom),
    `${result.megabytes.toFixed(1)} MB`,
    other ? (result.megabytes / other.megabytes).toFixed(3) : "–",
    `${result.cpuSeconds.toFixed(1)} s`,
    `${result.loopP99.toFixed(0)} ms`,
    `${result.slowestAnswer.toFixed(0)} ms`,
  ];
  const head = [
    "",
    "in the room",
    "to clients",
    "/ socket.io",
    "CPU of the server",
    "event loop, p99",
    "slowest HTTP answer",
  ];
  const rows = measured.flatMap((result) => [
    row(`${TITLES[result.system]}: ${PEOPLE} join in ${JOIN_MS / 1000} s`, result.inRoom, result.join, yardstick?.join),
    row(`${TITLES[result.system]}: ${PEOPLE / 2} vanish at once`, result.inRoom, result.vanish, yardstick?.vanish),
  ]);
  return [
    `\`npx tsx bench/large-room.ts --write\` wrote this section on ${new Date().toISOString().slice(0, 10)}.`,
    "",
    `- Load of the last minute: ${describeLoad().text}. Server and clients ran on the machine above.`,
    "",
    table(head, rows),
    "",
    'All are in one room. "In the room" is how many of all the server let in and kept for the first phase. "To clients" is what all clients have received together, heartbeats and WebSocket frames included; after the',
    "vanishing only those who stay are counted. The clients of Lastseen do what its SDK does: they ping, answer probes, and ask for all pages",
    "of the list. The list has 150 participants (`MAX_LISTED`), and the others are audience. The application with socket.io sends the list to",
    "whoever enters, and one event to everybody for each who comes and goes. Lastseen tells a vanishing twice: as away, and 20 s later as gone.",
    "See [large-rooms.md](large-rooms.md).",
  ].join("\n");
}

function pause(forMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, forMs));
}
