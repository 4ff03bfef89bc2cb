/** How much is measured. */
export interface Plan {
  /** Sockets of each server while pings are measured. */
  pingConnections: number;
  /** Pings per second of all sockets together at the steady rate. */
  pacedPerSecond: number;
  pacedMs: number;
  saturatedMs: number;
  /** Fresh processes of all servers, because no two runs of one program are compiled alike. */
  generations: number;
  /** Measurements of each server in one generation, in turn with the others. */
  rounds: number;
  /** Idle sockets whose memory is measured, and how many are opened before the measurement begins. */
  idleConnections: number;
  warmConnections: number;
  repetitions: number;
  /** Sessions in the expiry lists, and how many of them are due. */
  sessions: number;
  ghosts: number;
  /** Clients of each system whose heartbeats are measured; windows of time, and their length. */
  probedClients: number;
  probingWindows: number;
  probingWindowMs: number;
  /** Clients that come back at once, and how often they do so on each server. */
  stormClients: number;
  storms: number;
}

/** What is written down. */
export const FULL: Plan = {
  pingConnections: 400,
  pacedPerSecond: 2_000,
  pacedMs: 750,
  saturatedMs: 500,
  generations: 4,
  rounds: 8,
  idleConnections: 8_000,
  warmConnections: 2_000,
  repetitions: 3,
  sessions: 100_000,
  ghosts: 50,
  probedClients: 1_000,
  probingWindows: 3,
  // Every interval divides it: 3 s, 25 s and 15 s.
  probingWindowMs: 75_000,
  // A process may have 20,000 descriptors in many places.
  stormClients: 10_000,
  storms: 3,
};

/** To see that everything works; its numbers mean little. */
export const QUICK: Plan = {
  ...FULL,
  pacedMs: 500,
  saturatedMs: 500,
  generations: 1,
  rounds: 2,
  idleConnections: 1_000,
  warmConnections: 500,
  repetitions: 1,
  probedClients: 200,
  probingWindows: 1,
  probingWindowMs: 15_000,
  stormClients: 1_000,
  storms: 1,
};
