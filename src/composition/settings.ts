import type { Config } from "../config/load.js";
import type { HeartbeatTerms } from "../gateway/handlers/hello.js";
import type { DuplicatePolicy } from "../room/duplicates.js";
import type { ProbeIntervals } from "../session/probe-pace.js";
import { livenessPolicy } from "../session/policy.js";
import type { LivenessPolicy } from "../session/verdict.js";

/** What a deployment chooses, in the shape that the parts of the service take. Durations in milliseconds. */
export interface ServiceSettings {
  nodeId: string;
  /**
   * Undefined when this node is alone. `url`: where clients reach this node; without it no client is sent here.
   * `rebalancePerSecond`: how many sessions a second may move to a node that has fewer than its share; 0: none.
   */
  cluster: { url: string | undefined; rebalancePerSecond: number } | undefined;
  policy: LivenessPolicy;
  heartbeat: HeartbeatTerms;
  helloTimeoutMs: number;
  socketPingIntervalMs: number;
  /** How often watched sessions are asked for a sign of life, and how many questions a second may take. */
  probes: { intervals: ProbeIntervals; budgetPerSecond: number };
  multiTabPolicy: DuplicatePolicy;
  /** How long an unanswered call rings. */
  ringTimeoutMs: number;
  limits: {
    maxRooms: number;
    maxRoomSize: number;
    /** Participants of a room whom the others see; further ones are audience. */
    maxListed: number;
    /** A room of more people is told of its changes in batches. */
    largeRoom: number;
    connections: number;
    connectionsPerAddress: number;
    sessionsPerUser: number;
    bufferedBytes: number;
    messagesPerSecond: number;
    /** Blocks of users, on all nodes together. */
    blocks: number;
  };
}

export function settingsOf(config: Config): ServiceSettings {
  return {
    nodeId: config.NODE_ID,
    cluster:
      config.REDIS_URL === undefined
        ? undefined
        : { url: config.PUBLIC_URL, rebalancePerSecond: config.REBALANCE_PER_SECOND },
    policy: livenessPolicy({
      awayAfterMs: config.AWAY_AFTER_MS,
      idleTimeoutMs: config.IDLE_TIMEOUT_MS,
      resumeGraceMs: config.RESUME_GRACE_MS,
      reloadGraceMs: config.RELOAD_GRACE_MS,
      probeAnswerMs: config.PROBE_INTERVAL_MS,
      unawareMs: 3 * config.SOCKET_PING_INTERVAL_MS,
    }),
    heartbeat: {
      intervalMs: config.HEARTBEAT_INTERVAL_MS,
      idleTimeoutMs: config.IDLE_TIMEOUT_MS,
      sweepIntervalMs: config.SWEEP_INTERVAL_MS,
      resumeGraceMs: config.RESUME_GRACE_MS,
    },
    helloTimeoutMs: config.HELLO_TIMEOUT_MS,
    socketPingIntervalMs: config.SOCKET_PING_INTERVAL_MS,
    probes: {
      intervals: {
        pingMs: config.WATCHED_PING_INTERVAL_MS,
        probeMs: config.PROBE_INTERVAL_MS,
        silenceMs: config.MEDIA_SILENCE_MS,
      },
      budgetPerSecond: config.PING_BUDGET_PER_SECOND,
    },
    multiTabPolicy: config.MULTI_TAB_POLICY,
    ringTimeoutMs: config.CALL_RING_TIMEOUT_MS,
    limits: {
      maxRooms: config.MAX_ROOMS,
      maxRoomSize: config.MAX_ROOM_SIZE,
      maxListed: config.MAX_LISTED,
      largeRoom: config.LARGE_ROOM,
      connections: config.MAX_CONNECTIONS,
      connectionsPerAddress: config.MAX_CONNECTIONS_PER_ADDRESS,
      sessionsPerUser: config.MAX_SESSIONS_PER_USER,
      bufferedBytes: config.MAX_BUFFERED_BYTES,
      messagesPerSecond: config.MAX_MESSAGES_PER_SECOND,
      blocks: config.MAX_BLOCKS,
    },
  };
}
