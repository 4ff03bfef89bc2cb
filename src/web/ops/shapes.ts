/** The part of each answer of the service that the page shows. Times in epoch ms. */
import { EVIDENCE_FIELDS, type EvidenceField, type ReceivedEvidence } from "@lastseen/protocol";
import { fieldsOf, list, number, numberOrNull, text, textOrNull, texts, type Fields } from "./read.js";

export interface Health {
  readonly status: string;
  readonly version: string;
  readonly nodeId: string;
  readonly uptimeSeconds: number;
  /** Whether it hands its sessions over to other nodes, or has done so. */
  readonly draining: boolean;
  readonly counts: Readonly<Record<CountName, number>>;
  readonly checks: { readonly media: string; readonly redis: string; readonly webhook: string };
}

export const COUNT_NAMES = ["connectedUsers", "sessions", "rooms", "activeCalls", "busyUsers", "ghosts"] as const;
export type CountName = (typeof COUNT_NAMES)[number];

/** The service's deadlines, in milliseconds. */
export interface Settings {
  readonly heartbeatIntervalMs: number;
  readonly awayAfterMs: number;
  readonly idleTimeoutMs: number;
  readonly sweepIntervalMs: number;
}

/** A node, and what it holds. */
export interface NodeRow {
  readonly nodeId: string;
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly sessions: number;
  readonly ghosts: number;
  readonly rooms: number;
  readonly participants: number;
  readonly draining: boolean;
}

/** How long something took in one minute; null: it did not happen. */
interface Times {
  readonly count: number;
  readonly medianMs: number | null;
  readonly longestMs: number | null;
}

/** One minute of a node's last hour. */
export interface Minute {
  readonly at: number;
  readonly joins: number;
  readonly aways: number;
  readonly evictions: number;
  readonly sessions: number;
  readonly ghosts: number;
  readonly away: Times;
  readonly detection: Times;
}

export interface RoomRow {
  readonly id: string;
  readonly nodeId: string;
  readonly openedAt: number;
  readonly participants: number;
}

export interface SessionRow {
  readonly id: string;
  readonly userId: string;
  readonly name: string;
  readonly nodeId: string;
  readonly roomId: string | null;
  readonly state: string;
  readonly openedAt: number;
  readonly lastSeenAt: number;
  readonly cause: string;
  /** When time alone changes the state, in ms from the moment of the answer. */
  readonly changesInMs: number;
  readonly evidence: ReceivedEvidence;
  readonly media: { readonly transports: number; readonly producers: number; readonly consumers: number };
  readonly end: { readonly at: number; readonly reason: string } | null;
}

export interface SessionPage {
  readonly sessions: readonly SessionRow[];
  readonly cursor: string | null;
  /** On all pages. */
  readonly total: number;
  /** Nodes that did not answer. */
  readonly missing: readonly string[];
}

/** A user who may not come. */
export interface BlockRow {
  readonly userId: string;
  /** null: everywhere. */
  readonly roomId: string | null;
  readonly expiresAt: number;
  readonly by: { readonly name: string; readonly address: string };
}

/** A cleanup that used up its attempts. */
export interface Stuck {
  readonly sessionId: string;
  readonly userId: string;
  readonly name: string;
  readonly roomId: string | null;
  readonly reason: string;
  readonly attempts: number;
  readonly steps: readonly string[];
}

export interface Entry {
  readonly at: number;
  readonly step: string;
  readonly detail: Fields;
}

export function readHealth(value: unknown): Health {
  const fields = fieldsOf(value);
  const checks = fieldsOf(fields["checks"]);
  const count = (name: CountName): number => number(fields, name);
  return {
    status: text(fields, "status"),
    version: text(fields, "version"),
    nodeId: text(fields, "nodeId"),
    uptimeSeconds: number(fields, "uptimeSeconds"),
    draining: fields["draining"] === true,
    counts: {
      connectedUsers: count("connectedUsers"),
      sessions: count("sessions"),
      rooms: count("rooms"),
      activeCalls: count("activeCalls"),
      busyUsers: count("busyUsers"),
      ghosts: count("ghosts"),
    },
    checks: { media: text(checks, "media"), redis: text(checks, "redis"), webhook: text(checks, "webhook") },
  };
}

export function readSettings(value: unknown): Settings {
  const fields = fieldsOf(value);
  return {
    heartbeatIntervalMs: number(fields, "heartbeatIntervalMs"),
    awayAfterMs: number(fields, "awayAfterMs"),
    idleTimeoutMs: number(fields, "idleTimeoutMs"),
    sweepIntervalMs: number(fields, "sweepIntervalMs"),
  };
}

export function readNodes(value: unknown): NodeRow[] {
  return list(fieldsOf(value), "nodes", (node) => ({
    nodeId: text(node, "nodeId"),
    version: text(node, "version"),
    uptimeSeconds: number(node, "uptimeSeconds"),
    sessions: number(node, "sessions"),
    ghosts: number(node, "ghosts"),
    rooms: number(node, "rooms"),
    participants: number(node, "participants"),
    draining: node["draining"] === true,
  }));
}

export function readMinutes(value: unknown): Minute[] {
  return list(fieldsOf(value), "minutes", (minute) => ({
    at: number(minute, "at"),
    joins: number(minute, "joins"),
    aways: number(minute, "aways"),
    evictions: number(minute, "evictions"),
    sessions: number(minute, "sessions"),
    ghosts: number(minute, "ghosts"),
    away: readTimes(minute["away"]),
    detection: readTimes(minute["detection"]),
  }));
}

function readTimes(value: unknown): Times {
  const fields = fieldsOf(value);
  return {
    count: number(fields, "count"),
    medianMs: numberOrNull(fields, "medianMs"),
    longestMs: numberOrNull(fields, "longestMs"),
  };
}

export function readRooms(value: unknown): { rooms: RoomRow[]; missing: string[] } {
  const fields = fieldsOf(value);
  const rooms = list(fields, "rooms", (room) => ({
    id: text(room, "roomId") || text(room, "id"),
    nodeId: text(room, "nodeId"),
    openedAt: number(room, "openedAt"),
    participants: number(room, "participants"),
  }));
  return { rooms, missing: texts(fields, "missing") };
}

export function readSessionPage(value: unknown): SessionPage {
  const fields = fieldsOf(value);
  return {
    sessions: list(fields, "sessions", readSession),
    cursor: textOrNull(fields, "cursor"),
    total: number(fields, "total"),
    missing: texts(fields, "missing"),
  };
}

export function readSession(value: unknown): SessionRow {
  const fields = fieldsOf(value);
  const verdict = fieldsOf(fields["verdict"]);
  const media = fieldsOf(fields["media"]);
  const end = fieldsOf(fields["end"]);
  return {
    // A node of the version before says only `id`.
    id: text(fields, "sessionId") || text(fields, "id"),
    userId: text(fields, "userId"),
    name: text(fields, "name"),
    nodeId: text(fields, "nodeId"),
    roomId: textOrNull(fields, "roomId"),
    state: text(fields, "state"),
    openedAt: number(fields, "openedAt"),
    lastSeenAt: number(fields, "lastSeenAt"),
    cause: text(verdict, "cause"),
    changesInMs: number(verdict, "changesInMs"),
    evidence: readEvidence(fields["evidence"]),
    media: {
      transports: number(media, "transports"),
      producers: number(media, "producers"),
      consumers: number(media, "consumers"),
    },
    end: "at" in end ? { at: number(end, "at"), reason: text(end, "reason") } : null,
  };
}

/** How the page reads each kind of field of the evidence. */
const READ_FIELD: Readonly<Record<EvidenceField["kind"], (fields: Fields, name: string) => unknown>> = {
  state: text,
  word: textOrNull,
  knownTime: number,
  time: numberOrNull,
  number: numberOrNull,
};

function readEvidence(value: unknown): ReceivedEvidence {
  const fields = fieldsOf(value);
  const read = Object.entries(EVIDENCE_FIELDS).map(
    ([name, { kind }]) => [name, READ_FIELD[kind](fields, name)] as const,
  );
  return Object.fromEntries(read) as ReceivedEvidence;
}

export function readBlocks(value: unknown): BlockRow[] {
  return list(fieldsOf(value), "blocks", (block) => {
    const by = fieldsOf(block["by"]);
    return {
      userId: text(block, "userId"),
      roomId: textOrNull(block, "roomId"),
      expiresAt: number(block, "expiresAt"),
      by: { name: text(by, "name"), address: text(by, "address") },
    };
  });
}

export function readStuck(value: unknown): Stuck[] {
  return list(fieldsOf(value), "stuck", (stuck) => ({
    sessionId: text(stuck, "sessionId"),
    userId: text(stuck, "userId"),
    name: text(stuck, "name"),
    roomId: textOrNull(stuck, "roomId"),
    reason: text(stuck, "reason"),
    attempts: number(stuck, "attempts"),
    steps: texts(stuck, "steps"),
  }));
}

export function readTimeline(value: unknown): Entry[] {
  return list(fieldsOf(value), "entries", (entry) => ({
    at: number(entry, "at"),
    step: text(entry, "step"),
    detail: fieldsOf(entry["detail"]),
  }));
}
