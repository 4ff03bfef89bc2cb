/** From what one step costs Redis to how many people it can serve. */

/** What the bench measures of a service with so many nodes: microseconds of Redis for each step. */
export interface Costs {
  readonly nodes: number;
  /** One renewal of a lease. */
  readonly renew: number;
  /** Hello and join at the node that holds the room. */
  readonly enter: number;
  /** What it costs more when another node holds the room: the first node looks where the room is. */
  readonly redirect: number;
  /** A session says goodbye. */
  readonly leave: number;
  /** A call: rings, is answered, ends. */
  readonly call: number;
  /** One session of a dead node goes to another node. */
  readonly takeOver: number;
}

export type Step = Exclude<keyof Costs, "nodes">;

/** What people do. */
export interface Habits {
  /** How long a session lasts, seconds. */
  readonly sessionSeconds: number;
  /** Calls for each session. */
  readonly callsPerSession: number;
  readonly sessionsPerNode: number;
  /** Between two renewals of a node, seconds. */
  readonly renewSeconds: number;
}

/** Each step's share of one Redis: 1 is all of its processor time. */
export type Shares = Readonly<Record<Exclude<Step, "takeOver">, number>>;

/** A cost is taken as a line over the number of nodes: whatever grows with the nodes, such as a list of them, makes the line rise. */
export function costsAt(measured: readonly Costs[], nodes: number): Costs {
  const at = (step: Step): number =>
    line(
      measured.map((costs) => [costs.nodes, costs[step]]),
      nodes,
    );
  return {
    nodes,
    renew: at("renew"),
    enter: at("enter"),
    redirect: at("redirect"),
    leave: at("leave"),
    call: at("call"),
    takeOver: at("takeOver"),
  };
}

/** @param sessions at the same time; at least one node holds them */
export function sharesOf(measured: readonly Costs[], sessions: number, habits: Habits): Shares {
  const nodes = Math.max(1, Math.ceil(sessions / habits.sessionsPerNode));
  const costs = costsAt(measured, nodes);
  const begun = sessions / habits.sessionSeconds;
  const perSecond = {
    renew: nodes / habits.renewSeconds,
    enter: begun,
    redirect: (begun * (nodes - 1)) / nodes,
    leave: begun,
    call: begun * habits.callsPerSession,
  };
  const share = (step: keyof Shares): number => (perSecond[step] * costs[step]) / 1_000_000;
  return {
    renew: share("renew"),
    enter: share("enter"),
    redirect: share("redirect"),
    leave: share("leave"),
    call: share("call"),
  };
}

export function sum(shares: Shares): number {
  return Object.values(shares).reduce((total, share) => total + share, 0);
}

/** The step that takes most. */
export function largest(shares: Shares): keyof Shares {
  const steps = Object.keys(shares) as (keyof Shares)[];
  return steps.reduce((most, step) => (shares[step] > shares[most] ? step : most));
}

/**
 * How many sessions a service can have when each of these masters spends at most this share of its processor time, in whole nodes.
 *
 * @param masters what was measured of each
 */
export function mostSessions(masters: readonly (readonly Costs[])[], habits: Habits, atMost: number): number {
  const busiest = (sessions: number): number =>
    Math.max(...masters.map((measured) => sum(sharesOf(measured, sessions, habits))));
  let nodes = 0;
  while (busiest((nodes + 1) * habits.sessionsPerNode) <= atMost) nodes += 1;
  return nodes * habits.sessionsPerNode;
}

/** The line with the smallest squares through the points, at x; never below 0. */
function line(points: readonly (readonly [number, number])[], x: number): number {
  const mean = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0) / values.length;
  const [meanX, meanY] = [mean(points.map((point) => point[0])), mean(points.map((point) => point[1]))];
  const spread = points.reduce((total, [at]) => total + (at - meanX) ** 2, 0);
  const rise = points.reduce((total, [at, value]) => total + (at - meanX) * (value - meanY), 0);
  return Math.max(0, meanY + (spread === 0 ? 0 : rise / spread) * (x - meanX));
}
