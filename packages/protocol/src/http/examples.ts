/** Examples for the OpenAPI document. A test checks each of them against its schema. */

const AT = 1_795_270_743_697;
const media = { transports: 2, producers: 1, consumers: 1 };
const checks = { media: "ok", redis: "ok", webhook: "off" };
const by = { name: "ADMIN_TOKEN", address: "203.0.113.7" };

const participant = {
  userId: "ada",
  name: "Ada",
  sessionId: "ce705b3c-1f0b-4c5f-8a53-3f2f4c1a2b77",
  state: "present",
  joinedAt: AT,
  lastSeenAt: AT + 20_160,
  metadata: { hand: true },
  producers: [{ id: "9f8d1a52-51f4-4a1c-8b8e-30f1f2bd1a11", kind: "audio", source: "mic", paused: false }],
  role: "participant",
  media,
};

const roomFields = { roomId: "daily", id: "daily", nodeId: "node-1", version: 17, openedAt: AT };

const session = {
  sessionId: participant.sessionId,
  id: participant.sessionId,
  userId: "ada",
  name: "Ada",
  tabId: "tab-1",
  nodeId: "node-1",
  roomId: "daily",
  state: "present",
  epoch: 1,
  openedAt: AT,
  joinedAt: AT,
  lastSeenAt: AT + 20_160,
  metadata: { hand: true },
  verdict: { cause: "heard", changesInMs: 44_100 },
  evidence: {
    lastSeenAt: AT + 20_160,
    askedAt: null,
    socket: "open",
    socketSilentAt: null,
    detachedAt: null,
    detachKind: null,
    closeCode: null,
    lastPongAt: AT + 21_003,
    goodbyeAt: null,
    heldAt: null,
    media: "connected",
    mediaAt: AT + 412,
    mediaLostAt: null,
    mediaLostBy: null,
    mediaSilentAt: null,
    visibility: "visible",
  },
  media,
  end: null,
};

const node = {
  nodeId: "node-1",
  version: "0.1.0",
  uptimeSeconds: 86_400,
  sessions: 2,
  ghosts: 0,
  rooms: 1,
  participants: 2,
  draining: false,
};

const block = { userId: "eve", roomId: null, blockedAt: AT, expiresAt: AT + 3_600_000, by };
const blockedRoom = { ...block, roomId: "daily" };

const event = {
  id: "1795270743697-41",
  type: "left",
  at: AT,
  nodeId: "node-1",
  sequence: 41,
  roomId: "daily",
  userId: "ada",
  sessionId: participant.sessionId,
  epoch: 3,
  name: "Ada",
  reason: "disconnected",
  cause: "connection_lost",
};

const agent = {
  agentId: "0b6d3a3c-8a4c-4c0f-9d56-2f8de7b9f7a2",
  name: "media-1",
  host: "media-1.internal",
  pid: 4_711,
  version: "0.1.0",
  address: "10.0.0.12",
  nodeId: "node-1",
  state: "connected",
  since: AT,
  sessions: 2,
  unknownSessions: 0,
  media: { workers: 2, transports: 4, producers: 2, consumers: 2, unowned: 0, unreported: 0 },
  unseenWhy: null,
};

const problem = { code: "bad_message", message: "querystring.limit must be <= 1000" };
const times = { count: 1, medianMs: 1_180, longestMs: 1_180 };

/** By the names of the schemas in the document. */
export const EXAMPLES = {
  Agents: { agents: [agent], missing: [] },
  Block: blockedRoom,
  BlockedCallers: { callers: [{ userId: "eve" }] },
  Blocks: { blocks: [block] },
  BlockWish: { seconds: 3_600, roomId: "daily" },
  Cleanups: { nodeId: "node-1", unfinished: 0, stuck: [] },
  CleanupReport: {
    sweep: { at: AT, result: "completed", checked: 2, ghosts: 0, reaped: [], stuckRetried: 0, durationMs: 0.4 },
    reconciliation: {
      orphansClosed: 0,
      orphansSuspected: 0,
      mediaReset: 0,
      foreignMedia: { transport: 0, producer: 0, consumer: 0 },
      rosterRepaired: 0,
      directoryDrift: 0,
    },
  },
  Deadlines: {
    heartbeatIntervalMs: 30_000,
    awayAfterMs: 45_000,
    idleTimeoutMs: 120_000,
    sweepIntervalMs: 30_000,
    reloadGraceMs: 5_000,
    resumeGraceMs: 20_000,
  },
  Draining: { sessions: 2 },
  Events: { events: [event], gap: false, cursor: null, next: null },
  Health: {
    status: "OK",
    version: "0.1.0",
    nodeId: "node-1",
    draining: false,
    uptimeSeconds: 86_400,
    connectedUsers: 2,
    busyUsers: 0,
    activeCalls: 0,
    sessions: 2,
    ghosts: 0,
    rooms: 1,
    checks,
    warnings: [],
  },
  History: {
    nodeId: "node-1",
    minutes: [{ at: AT, joins: 2, aways: 1, evictions: 0, sessions: 2, ghosts: 0, away: times, detection: times }],
  },
  Liveliness: { status: "live", service: "lastseen", nodeId: "node-1" },
  Nodes: { nodes: [node], missing: [] },
  Problem: {
    type: "about:blank",
    title: "Bad Request",
    status: 400,
    code: problem.code,
    detail: problem.message,
    retryable: false,
    field: "query.limit",
    error: problem,
  },
  Readiness: { status: "ready", draining: false, reasons: [], checks },
  Room: { ...roomFields, audience: 0, participants: [participant] },
  Rooms: { rooms: [{ ...roomFields, participants: 1, audience: 0 }], cursor: null, total: 1, missing: [] },
  Session: session,
  Sessions: { sessions: [session], cursor: null, total: 1, missing: [] },
  Timeline: {
    sessionId: session.sessionId,
    entries: [{ at: AT, step: "joined room", detail: { roomId: "daily" } }],
  },
  UserStatus: { userId: "ada", status: "available" },
} as const;
