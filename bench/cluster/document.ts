/** `docs/scale.md`: the costs of one run, and what they mean for 10,000, 100,000 and 1,000,000 sessions. */
import { table } from "../report/table.js";
import { dividedSection, type Divided } from "./divided-section.js";
import { COMFORTABLE, costTable, percent, SIZES, STEPS, thousands } from "./figures.js";
import { largest, mostSessions, sharesOf, sum, type Costs, type Habits } from "./model.js";

export interface Run {
  readonly date: string;
  readonly minutes: number;
  readonly machine: readonly string[];
  readonly load: string;
}

export function scaleDocument(
  measured: readonly Costs[],
  divided: Divided | undefined,
  habits: Habits,
  run: Run,
): string {
  const most = mostSessions([measured], habits, COMFORTABLE);
  return `# How far one Redis goes

\`npm run bench:cluster -- --write\` wrote this file on ${run.date}, in ${run.minutes.toFixed(0)} minutes. The next run overwrites it.

${run.machine.map((text) => `- ${text}`).join("\n")}
- Load before the run: ${run.load}. All nodes, the clients and Redis ran on this one machine. The figures are processor time of Redis'
  main thread, so waiting does not count. A faster machine has smaller figures.

## What one step costs Redis

${costTable(measured)}

All nodes are real: each has its port, its connections to Redis and its subscription. The clients are real WebSockets. What the nodes cost
Redis when nobody does anything is subtracted. When a user's first session begins or last session ends, and when a call changes, the node
tells the nodes that follow the user, and no others ([redis-store.md](redis-store.md#messages)). So these steps cost about the same with any
number of nodes. A renewal answers with about ten leases, also where there are more.

## What that means

People are taken to behave like this: a session lasts ${minutes(habits.sessionSeconds)} minutes, ${habits.callsPerSession} calls begin for each session, and a node holds ${thousands(habits.sessionsPerNode)}
sessions ([benchmarks.md](benchmarks.md) shows what a session costs a node). A client asks any node first, so it is nearly always sent to another one.

${sizeTable(measured, habits)}

With at most ${percent(COMFORTABLE)} of its processor time for these steps, **one Redis of this machine serves about ${thousands(most)} sessions on ${most / habits.sessionsPerNode} nodes**.${verdict(most)}
What takes most there is: ${STEPS[largest(sharesOf(measured, most, habits))]}. When a node with ${thousands(habits.sessionsPerNode)} sessions dies, taking them over costs Redis
${((habits.sessionsPerNode * nearest(measured, most / habits.sessionsPerNode).takeOver) / 1_000_000).toFixed(1)} s of processor time, in steps of 200 sessions and the rest of a room at most.

Pings are not in these tables: a client's heartbeat never reaches Redis ([redis-commands.md](redis-commands.md)). Redis runs all scripts in one
thread, so that thread is the limit, and a second core does not help. People who call more often, or stay for a shorter time, reach it sooner.
Beyond it there are two ways. \`REDIS_SHARDS\` divides the rooms and sessions of one service over the masters of a Redis Cluster
(${divided ? "see below" : "[redis-store.md](redis-store.md#divided-keys)"}). Or run two services, each with a Redis of its own, for two halves of your rooms: that doubles these numbers.
${divided ? dividedSection(divided, habits) : ""}`;
}

/** Whether a million sessions need more than one Redis. */
function verdict(most: number): string {
  const [million] = SIZES.slice(-1);
  if (million === undefined || most < million) return "";
  return ` So one Redis is enough for ${thousands(million)} sessions.`;
}

function sizeTable(measured: readonly Costs[], habits: Habits): string {
  return table(
    ["sessions", "nodes", "of one Redis", "takes most"],
    SIZES.map((sessions) => {
      const shares = sharesOf(measured, sessions, habits);
      const nodes = Math.ceil(sessions / habits.sessionsPerNode);
      return [thousands(sessions), String(nodes), percent(sum(shares)), STEPS[largest(shares)]];
    }),
  );
}

function nearest(measured: readonly Costs[], nodes: number): Costs {
  return measured.reduce((best, costs) =>
    Math.abs(costs.nodes - nodes) < Math.abs(best.nodes - nodes) ? costs : best,
  );
}

const minutes = (seconds: number): string => (seconds / 60).toFixed(0);
