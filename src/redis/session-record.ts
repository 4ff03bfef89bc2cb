/** A session's entry as it lies in Redis: what the scripts decide by, and a body that only the nodes read. */
import Type from "typebox";
import { Compile } from "typebox/compile";
import type { SessionEntry } from "../ports/directory.js";

const Body = Compile(
  Type.Object({
    name: Type.String(),
    tabId: Type.String(),
    tokenHash: Type.String(),
    openedAt: Type.Number(),
    joinedAt: Type.Optional(Type.Number()),
    metadata: Type.Record(Type.String(), Type.Unknown()),
  }),
);

/** ARGV of `put-session` after the lease. */
export function sessionArguments(entry: SessionEntry): readonly (string | number)[] {
  const { sessionId, userId, epoch, roomId = "", name, tabId, tokenHash, openedAt, joinedAt, metadata } = entry;
  if (/\s/.test(userId + roomId)) throw new Error("ids of users and rooms have no white space");
  return [sessionId, epoch, userId, roomId, JSON.stringify({ name, tabId, tokenHash, openedAt, joinedAt, metadata })];
}

/**
 * Reads what the scripts return of a session: "epoch lease user room body".
 *
 * @returns undefined when it is not an entry as this version writes them
 */
export function readSession(sessionId: string, line: string): { entry: SessionEntry; lease: string } | undefined {
  const match = /^(\d+) (\S+) (\S+) (\S*) (\{.*\})$/s.exec(line);
  if (!match) return undefined;
  const [, epoch, lease = "", userId = "", roomId = "", json = ""] = match;
  const body: unknown = JSON.parse(json);
  if (!Body.Check(body)) return undefined;
  const { name, tabId, tokenHash, openedAt, joinedAt, metadata } = body;
  return {
    lease,
    entry: {
      sessionId,
      userId,
      epoch: Number(epoch),
      roomId: roomId === "" ? undefined : roomId,
      name,
      tabId,
      tokenHash,
      openedAt,
      joinedAt,
      metadata,
    },
  };
}
