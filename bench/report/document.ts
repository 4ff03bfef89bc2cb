/** `docs/benchmarks.md`: the tables of one run and how to read them. */
import { ROOM_SIZE } from "../client/dialects.js";
import type { ExpiryResult } from "../expiry/main.js";
import type { Plan } from "../measure/plan.js";
import { AT_ONCE } from "../measure/subject.js";
import { PROBING_TARGET, probingText, type ProbingRow } from "./probing.js";
import { missesTarget, type Row } from "./rows.js";
import { table } from "./table.js";

export interface Results {
  rows: readonly Row[];
  /** Lastseen's CPU microseconds for the handshake, hello and join. */
  joinSteps: readonly number[];
  /** Or why heartbeats could not be measured. */
  probing: readonly ProbingRow[] | string;
  expiry: ExpiryResult;
}

/** What the numbers depend on. */
export interface Run {
  machine: readonly string[];
  /** Other work on the machine when the run began. */
  load: string;
  date: string;
  minutes: number;
}

/** How often a client of Lastseen pings by default. */
const HEARTBEAT_SECONDS = 30;

/** The servers side by side. */
export function serverTable(rows: readonly Row[]): string {
  return table(
    ["", "ws", "socket.io", "Lastseen", "socket.io / ws", "Lastseen / ws", "middle half", "at most"],
    rows.map((row) => [
      row.name,
      ...[row.values.ws, row.values["socket.io"], row.values.lastseen].map(
        (value) => `${value.toFixed(row.digits)} ${row.unit}`,
      ),
      row.ratios["socket.io"].toFixed(2),
      row.ratios.lastseen.toFixed(2) + (missesTarget(row) ? " (missed)" : ""),
      row.spread.map((ratio) => ratio.toFixed(2)).join(" – "),
      row.target?.toFixed(2) ?? "",
    ]),
  );
}

/** The expiry lists against a scan. */
export function expiryTable({ expiry }: Results, plan: Plan): string {
  const dueCount = `${plan.ghosts} due`;
  return table(
    [`${thousands(plan.sessions)} sessions`, "Map scan", "expiry lists", ""],
    [
      [`Sweep, ${dueCount}`, micros(expiry.scan), micros(expiry.idle), times(expiry.scan, expiry.idle)],
      [`Watch pass, ${dueCount}`, micros(expiry.scan), micros(expiry.advance), times(expiry.scan, expiry.advance)],
      [
        "Watch pass, nobody due",
        micros(expiry.scan),
        micros(expiry.advanceNothingDue),
        times(expiry.scan, expiry.advanceNothingDue),
      ],
      ["A client was heard", nanos(expiry.note), nanos(expiry.heard), ""],
    ],
  );
}

/** The section about clients that do nothing. `--heartbeats` writes it alone. */
export function heartbeatsText(probing: Results["probing"], plan: Plan): string {
  return `${probingText(probing)}

Everybody is there and does nothing, in rooms of ${ROOM_SIZE}, so that every session of Lastseen is watched, except in the row "not watched",
where each is alone in its room. All systems run at the same time, ${plan.probingWindows} times ${plan.probingWindowMs / 1000} s, each with ${thousands(plan.probedClients)} clients. The clients do what their
libraries do: those of Lastseen give signs of life when the service tells them, all answer the server's pings. "CPU of the server" is a share
of one core. "Heartbeats alone" is without what the same server uses with the same clients when its intervals are ten minutes: Colyseus,
for example, looks for changes of each room 20 times a second. "/ Colyseus" compares the heartbeats alone in the same windows. Bytes are
those of WebSocket and what it carries, of one session in a minute, counted at the sockets; TCP and IP add 52 bytes or more to each
packet. The silence of Lastseen's watched sessions is told as *away*, which can be taken back; the others end the connection. A watched
client of Lastseen also proves that its page runs: it speaks every 3.5 s. It learns that its own line works: every second time it pings
and is answered. A ping of the others proves the socket alone. The service asks its clients to speak at the beginning of a slot of half
a second. On a network whose delays vary by some milliseconds fewer of them arrive together than here, and each costs more. The
project wants at most ${PROBING_TARGET.toFixed(2)} of Colyseus' heartbeats.`;
}

/** The whole file. */
export function benchmarkDocument(results: Results, plan: Plan, run: Run): string {
  const [connect = Number.NaN, hello = Number.NaN, join = Number.NaN] = results.joinSteps;
  const clients = Math.round(plan.pacedPerSecond * HEARTBEAT_SECONDS);
  return `# Benchmarks

\`npm run bench\` wrote this file on ${run.date}. The next run overwrites it.

${run.machine.map((line) => `- ${line}`).join("\n")}
- Everything ran on this one machine, over loopback. Each server and its clients are processes of their own. The client is the
  same for all three servers.
- Load before the run: ${run.load}. Other work on the machine makes the values vary. It also favours small servers, because
  a ping must fetch its memory again after another process used the processor's caches.

## A connection

${serverTable(results.rows)}

The bench measures the three servers in turn, again and again: in ${plan.generations} sets of fresh processes for the pings and in ${plan.repetitions} for the
rest. The first three columns are medians. Each ratio is the median of the ratios of values that were measured next to each other,
so a slow moment of the machine affects both sides. "Middle half" is the range of half of Lastseen's ratios. "At most" is the limit
that the project sets itself. CPU is user and system time of the server's process, all threads.

- **ws**: a server of ten lines on the library \`ws\`. It parses each message and answers \`{"type":"pong"}\`.
- **socket.io**: one event in, one event out. It uses WebSocket from the start, without HTTP polling.
- **Lastseen**: the built service (\`dist/main.js\`) without media workers. It logs to a file at \`info\`. Every client has said
  \`hello\` and joined a room of ${ROOM_SIZE}, and its pongs carry the roster's version. The limit of messages per second is off.
  All other settings are those of production.
- **CPU per ping, saturated**: ${plan.pingConnections} clients. Each client pings again as soon as the answer arrives. The server finds many
  sockets ready at once, so this is the work on the ping itself.
- **CPU per ping, steady rate**: ${thousands(plan.pacedPerSecond)} pings per second, evenly spread. ${thousands(clients)} clients with a heartbeat every
  ${HEARTBEAT_SECONDS} s make this rate. Nearly every ping wakes the process up. This is most of the cost, for all three servers.
- **Memory per idle connection**: how much ${thousands(plan.idleConnections)} connections add to the resident memory (RSS) of a process that
  already has ${thousands(plan.warmConnections)}, after garbage collection. "Heap" is the part that V8 counts as used, with what it holds outside.
  V8's space for new objects has its full size from the start in all three servers. Otherwise its growth, which happens once,
  counts as memory of the connections, and the server with the fewest objects looks worst. Clients connect and say hello
  ${AT_ONCE} at a time. Every client has pinged once, because a connection makes its buffers with the first message. Buffers in the
  kernel are not included.
- **CPU per connect and greeting**: \`ws\` only upgrades. socket.io also connects to its namespace. Lastseen does hello and
  join, which tells everybody in the room. What the server uses meanwhile for those who are there is not included: see Heartbeats.
  Of Lastseen that is ${connect.toFixed(0)} µs for the upgrade, ${hello.toFixed(0)} µs for hello, ${join.toFixed(0)} µs for join.

- **Storm**: all ${thousands(plan.stormClients)} connections break at once and all clients come back at the same moment, without a back-off. The
  SDK spreads them; this is the worst case. Lastseen's clients resume their sessions and get their rooms, the clients of socket.io
  connect to the namespace again, in no room. "p99" is how late the server's event loop was meanwhile. Node keeps 511 new
  connections waiting; the kernel tries the others again after 1, 3, 7, 15 and 31 s. Lastseen asks for a longer queue (here 4,096, the
  kernel's limit).

## Heartbeats

${heartbeatsText(results.probing, plan)}

## Finding ghosts

${expiryTable(results, plan)}

Sessions wait in lists that are ordered by deadline, so a pass reads only the sessions that are due. The scan goes through a
\`Map\` of all sessions and compares when each was last heard. The sweep runs every 30 s, the watch pass four times a second. The
watch pass also judges each session that is due. The values are medians of real sessions in one process without sockets. When a
client is heard, the list moves its session to the end; the scan needs a lookup by id and an assignment. Both go through all
sessions in random order, which is the worst case for the processor's caches.

## Running it

    npm run bench

prints the tables and writes this file. Here it took ${run.minutes} minutes. Run nothing else meanwhile.
\`npx tsx bench/run.ts --quick\` checks in two minutes that the bench works, and writes nothing. \`--main FILE\` measures another
build of the service.
`;
}

function thousands(count: number): string {
  return count.toLocaleString("en");
}

function micros(value: number): string {
  return value < 10 ? `${value.toFixed(2)} µs` : `${Math.round(value)} µs`;
}

function nanos(value: number): string {
  return `${Math.round(value)} ns`;
}

function times(scan: number, lists: number): string {
  return `${Math.round(scan / lists)} times less`;
}
