import { Value } from "typebox/value";
import type { Authenticate } from "../gateway/authenticate.js";
import { LastseenError, Name, UserId } from "@lastseen/protocol";
import type { Identity } from "../session/session.js";

/** Who somebody is, as the application knows it. */
export interface KnownUser {
  /** 1–128 characters of `A–Z a–z 0–9 _ . : @ -`. */
  userId: string;
  /** The user's id unless given. */
  name?: string;
  /** Rooms that may be joined; all unless given. */
  rooms?: readonly string[];
  /** Until when this holds, epoch milliseconds; for ever unless given. */
  expiresAt?: number;
}

/**
 * Finds out who says hello, from the token that came with it. Must not wait for anything: what takes time is checked in
 * the application's own hooks, which see the handshake before. Whatever it throws refuses the client as `unauthorized`.
 */
export type AuthenticateHook = (hello: Parameters<Authenticate>[0]) => KnownUser;

/** The hook as the gateway wants it. */
export function authenticateBy(hook: AuthenticateHook): Authenticate {
  return (hello) => complete(ask(hook, hello));
}

function ask(hook: AuthenticateHook, hello: Parameters<Authenticate>[0]): KnownUser {
  try {
    return hook(hello);
  } catch (error) {
    if (error instanceof LastseenError) throw error;
    throw new LastseenError("unauthorized", "The application does not know this client.", { cause: error });
  }
}

function complete({ userId, name = userId, rooms, expiresAt = Infinity }: KnownUser): Identity {
  if (!Value.Check(UserId, userId) || !Value.Check(Name, name)) {
    throw new Error("authenticate must return a userId and, if any, a name that the protocol allows");
  }
  return { userId, name, rooms, expiresAt };
}
