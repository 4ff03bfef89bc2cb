/** Reads the scripts' answers and makes the outcomes of the {@link Directory} from them. */
import type { Directory, HeldEntry, NodeView, NoLease, PlacedSession, SessionEntry } from "../ports/directory.js";
import { parseLeaseId } from "../ports/lease-id.js";
import { readSession } from "./session-record.js";

type Outcome<M extends keyof Directory> = Directory[M] extends (...args: never[]) => Promise<infer R> ? R : never;

export const NO_LEASE: NoLease = { kind: "no_lease" };

/** What a renewal tells about the leases. `latest`: the number of the latest news in it. */
export type LeaseNews =
  | { readonly kind: "all"; readonly latest: number; readonly nodes: readonly NodeView[] }
  | {
      readonly kind: "changed";
      readonly latest: number;
      /** Number of all leases. */
      readonly count: number;
      /** All leases that have run out. */
      readonly expired: ReadonlySet<string>;
      readonly nodes: readonly NodeView[];
    };

export function readRenewed(reply: unknown): LeaseNews | NoLease {
  const [kind, latest, ...rest] = list(reply);
  switch (oneOf(kind, "no_lease", "all", "changed")) {
    case "no_lease":
      return NO_LEASE;
    case "all":
      return { kind: "all", latest: integer(latest), nodes: list(rest[0]).map(readNode) };
    case "changed": {
      const [count, expired, nodes] = rest;
      return {
        kind: "changed",
        latest: integer(latest),
        count: integer(count),
        expired: new Set(list(expired).map(text)),
        nodes: list(nodes).map(readNode),
      };
    }
  }
}

export function readClaimed(reply: unknown): Outcome<"claimRoom"> {
  const [kind, where, url] = list(reply);
  if (kind === "elsewhere") return { kind, nodeId: text(where), url: text(url) };
  if (kind === "here") return { kind, epoch: integer(where) };
  return { kind: oneOf(kind, "no_lease", "unplaced") };
}

export function readReclaimed(reply: unknown): Outcome<"reclaimRoom"> {
  const [kind, nodeId] = list(reply);
  if (kind === "lost") return { kind, nodeId: text(nodeId) };
  return { kind: oneOf(kind, "no_lease", "held") };
}

export function readReleased(reply: unknown): Outcome<"releaseRoom"> {
  return { kind: oneOf(list(reply)[0], "no_lease", "released", "not_home") };
}

export function readHome(reply: unknown): Outcome<"findRoom"> {
  if (reply === null) return undefined;
  const [nodeId, url, expired] = list(reply);
  return { nodeId: text(nodeId), url: optional(url), expired: flag(expired) };
}

export function readStored(reply: unknown): Outcome<"putSession"> {
  const [kind, epoch] = list(reply);
  if (kind === "fenced") return { kind, epoch: integer(epoch) };
  return { kind: oneOf(kind, "no_lease", "stored") };
}

export function readRemoved(reply: unknown): Outcome<"removeSession"> {
  const [kind, epoch] = list(reply);
  if (kind === "fenced") return { kind, epoch: integer(epoch) };
  return { kind: oneOf(kind, "no_lease", "removed", "gone") };
}

export function readTaken(reply: unknown): Outcome<"takeOver"> {
  const [kind, more, ...sessions] = list(reply);
  if (kind === "taken") return { kind, sessions: readSessions(sessions), more: flag(more) };
  return { kind: oneOf(kind, "no_lease", "alive") };
}

/** @param what the caller wanted to hand over; the answer has the positions of what was refused, from 1 */
export function readHanded(reply: unknown, what: readonly HeldEntry[]): Outcome<"handOver"> {
  const [kind, sessionIds, positions] = list(reply);
  if (kind !== "handed") return { kind: oneOf(kind, "no_lease", "refused") };
  const isRefused = new Set(list(positions).map(integer));
  return {
    kind,
    sessionIds: list(sessionIds).map(text),
    refused: what.filter((_, index) => isRefused.has(index + 1)),
  };
}

export function readCounts(reply: unknown): Outcome<"counts"> {
  const [rooms, sessions] = list(reply);
  return { rooms: integer(rooms), sessions: integer(sessions) };
}

/** Leaves out entries that this version cannot read. A node with the version that wrote them can read them. */
export function readSessions(reply: readonly unknown[]): SessionEntry[] {
  return reply.flatMap((item) => {
    const [sessionId, line] = list(item);
    return readSession(text(sessionId), text(line))?.entry ?? [];
  });
}

export function readPlaced(reply: unknown): PlacedSession | undefined {
  if (reply === null) return undefined;
  const [sessionId, line, url, left] = list(reply);
  const found = readSession(text(sessionId), text(line));
  if (!found) return undefined;
  const leaseLeftMs = integer(left);
  const { nodeId, epoch: leaseEpoch } = parseLeaseId(found.lease);
  // The entry comes last: node needs microseconds for each field that follows a spread.
  return { nodeId, leaseEpoch, url: optional(url), leaseLeftMs, expired: leaseLeftMs === 0, ...found.entry };
}

export function readAllPlaced(reply: unknown): readonly PlacedSession[] {
  return list(reply)
    .map((item) => readPlaced(item))
    .filter((session) => session !== undefined);
}

export function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw unexpected();
  return value;
}

export function text(value: unknown): string {
  if (typeof value !== "string") throw unexpected();
  return value;
}

export function integer(value: unknown): number {
  if (!Number.isSafeInteger(value)) throw unexpected();
  return Number(value);
}

function readNode(reply: unknown): NodeView {
  const [nodeId, epoch, url, sessions, rooms, draining, expired, sent] = list(reply);
  return {
    nodeId: text(nodeId),
    epoch: integer(epoch),
    url: optional(url),
    sessions: integer(sessions),
    rooms: integer(rooms),
    draining: flag(draining),
    expired: flag(expired),
    sent: integer(sent),
  };
}

export function optional(value: unknown): string | undefined {
  return text(value) === "" ? undefined : text(value);
}

export function flag(value: unknown): boolean {
  return integer(value) === 1;
}

export function oneOf<const K extends string>(value: unknown, ...kinds: readonly K[]): K {
  const kind = kinds.find((each) => each === value);
  if (kind === undefined) throw unexpected();
  return kind;
}

function unexpected(): Error {
  return new Error("a script's answer does not match its contract");
}
