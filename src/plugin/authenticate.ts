import { Value } from "typebox/value";
import type { Authenticate } from "../gateway/authenticate.js";
import { LastseenError, Name, UserId } from "@lastseen/protocol";
import type { Identity } from "../session/session.js";

/** A user, as the application knows it. */
export interface KnownUser {
  /** 1–128 characters of `A–Z a–z 0–9 _ . : @ -`. */
  userId: string;
  /** Default: the user's id. */
  name?: string;
  /** Rooms that the user may join. Default: all. */
  rooms?: readonly string[];
  /** Until when this is valid, epoch milliseconds. Default: for ever. */
  expiresAt?: number;
}

/**
 * Finds out who the client is, from the token in its hello. It must answer at once. Checks that take time belong into the
 * application's own hooks, which see the handshake before. When it throws, the client is refused as `unauthorized`.
 */
export type AuthenticateHook = (hello: Parameters<Authenticate>[0]) => KnownUser;

/** The hook in the form that the gateway calls. */
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
