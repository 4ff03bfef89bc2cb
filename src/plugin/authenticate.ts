import type { Authenticate } from "../gateway/authenticate.js";
import { checkRoomId, checkUserId, LastseenError, shownName } from "@lastseen/protocol";
import type { Identity } from "../session/session.js";

/** A user, as the application knows it. */
export interface KnownUser {
  /** 1–128 characters of Unicode, as `checkUserId` of `@lastseen/protocol` allows them. */
  userId: string;
  /** Default, also when it has no visible character: the user's id. */
  name?: string | null;
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

function complete({ userId, name, rooms, expiresAt = Infinity }: KnownUser): Identity {
  const wrong = checkUserId(userId);
  if (wrong !== undefined) throw new Error(`authenticate returned a wrong user: userId ${wrong}`);
  for (const room of rooms ?? []) {
    const wrongRoom = checkRoomId(room);
    if (wrongRoom !== undefined) throw new Error(`authenticate returned a wrong user: each of rooms ${wrongRoom}`);
  }
  return { userId, name: shownName(name, userId), rooms, expiresAt };
}
