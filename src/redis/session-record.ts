/** A session's entry as Redis stores it: the fields that the scripts read, and a body that only the nodes read. */
import Type from "typebox";
import { Compile } from "typebox/compile";
import { RoomRole } from "@lastseen/protocol";
import type { SessionEntry } from "../ports/directory.js";
import { readId, readJson, storedId } from "./stored-text.js";

const Body = Compile(
  Type.Object({
    name: Type.String(),
    tabId: Type.String(),
    tokenHash: Type.String(),
    earlierTokenHash: Type.Optional(Type.String()),
    openedAt: Type.Number(),
    joinedAt: Type.Optional(Type.Number()),
    chosenRole: Type.Optional(RoomRole),
    metadata: Type.Record(Type.String(), Type.Unknown()),
  }),
);

/** ARGV of `put-sessions` for one session. */
export function sessionArguments(entry: SessionEntry): readonly (string | number)[] {
  const { sessionId, userId, epoch, roomId = "", ...rest } = entry;
  const { name, tabId, tokenHash, earlierTokenHash, openedAt, joinedAt, chosenRole, metadata } = rest;
  return [
    sessionId,
    epoch,
    storedId(userId),
    storedId(roomId),
    JSON.stringify({ name, tabId, tokenHash, earlierTokenHash, openedAt, joinedAt, chosenRole, metadata }),
  ];
}

/**
 * Reads a session as the scripts return it: "epoch lease user room body".
 *
 * @returns undefined when the entry is not in the form that this version writes
 */
export function readSession(sessionId: string, line: string): { entry: SessionEntry; lease: string } | undefined {
  const match = /^(\d+) (\S+@\d+) (\S+) (\S*) (\{.*\})$/s.exec(line);
  if (!match) return undefined;
  const [, epoch, lease = "", userId = "", roomId = "", json = ""] = match;
  const read = readable(() => ({ body: readJson(json), userId: readId(userId), roomId: readId(roomId) }));
  if (!read || !Body.Check(read.body)) return undefined;
  const { body } = read;
  const { name, tabId, tokenHash, earlierTokenHash, openedAt, joinedAt, chosenRole, metadata } = body;
  return {
    lease,
    entry: {
      sessionId,
      userId: read.userId,
      epoch: Number(epoch),
      roomId: read.roomId === "" ? undefined : read.roomId,
      name,
      tabId,
      tokenHash,
      ...(earlierTokenHash === undefined ? {} : { earlierTokenHash }),
      openedAt,
      joinedAt,
      ...(chosenRole === undefined ? {} : { chosenRole }),
      metadata,
    },
  };
}

/** @returns undefined when no version wrote this text */
function readable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
