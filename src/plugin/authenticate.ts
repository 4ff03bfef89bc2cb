import type { Authenticate } from "../gateway/authenticate.js";
import { checkRoomId, checkUserId, LastseenError, type RoomRole, shownName } from "@lastseen/protocol";
import type { Identity } from "../session/session.js";
import { isThenable } from "./thenable.js";

/** A user, as the application knows it. */
export interface KnownUser {
  /** 1–128 characters of Unicode, as `checkUserId` of `@lastseen/protocol` allows them. */
  userId: string;
  /** Default, also when it has no visible character: the user's id. */
  name?: string | null;
  /** Rooms that the user may join. Default: all. */
  rooms?: readonly string[];
  /** Whether the user may call other users and watch their statuses. Default: true, but false with `rooms`. */
  calls?: boolean;
  /**
   * What the user is in rooms: `audience` is counted and not listed and sends no media; a `participant` is listed however many
   * are. Default: what the client asks for, and as the room has space in its list.
   */
  roomRole?: RoomRole;
  /** Until when this is valid, epoch milliseconds. Default: for ever. */
  expiresAt?: number;
}

/**
 * Finds out who the client is, from the token in its hello. It may answer with a promise, which has 5 seconds; after that the
 * client is told `overloaded` and tries again. When it throws or rejects, the client is refused as `unauthorized`.
 */
export type AuthenticateHook = (hello: Parameters<Authenticate>[0]) => KnownUser | Promise<KnownUser>;

/**
 * The hook in the form that the gateway calls.
 *
 * @param failed told what the hook threw; the client does not learn it
 */
export function authenticateBy(hook: AuthenticateHook, failed: (error: unknown) => void): Authenticate {
  const refuse = (error: unknown): never => {
    if (error instanceof LastseenError) throw error;
    failed(error);
    throw new LastseenError("unauthorized", "The application does not know this client.", { cause: error });
  };
  return (hello) => {
    let found: KnownUser | Promise<KnownUser>;
    try {
      found = hook(hello);
    } catch (error) {
      return refuse(error);
    }
    return isThenable(found) ? Promise.resolve(found).then(complete, refuse) : complete(found);
  };
}

const complete = (user: KnownUser): Identity => identityOf(user, "authenticate");

/**
 * The user in the form that the service keeps.
 *
 * @param source what has named the user, for the message
 * @throws Error that names the field and what is wrong with it
 */
export function identityOf(user: KnownUser, source: string): Identity {
  if (typeof user !== "object" || user === null) throw new Error(`${source} must return { userId, … }`);
  const { userId, name, rooms, calls = rooms === undefined, roomRole, expiresAt = Infinity } = user;
  const wrong = checkUserId(userId);
  if (wrong !== undefined) throw new Error(`${source} returned a wrong user: userId ${wrong}`);
  if (rooms !== undefined && !Array.isArray(rooms)) throw new Error(`${source} must return rooms as a list`);
  if (typeof calls !== "boolean") throw new Error(`${source} must return calls as true or false`);
  if (roomRole !== undefined && roomRole !== "participant" && roomRole !== "audience") {
    throw new Error(`${source} must return roomRole as "participant" or "audience"`);
  }
  if (typeof expiresAt !== "number" || Number.isNaN(expiresAt)) {
    throw new Error(`${source} must return expiresAt as epoch milliseconds`);
  }
  for (const room of rooms ?? []) {
    const wrongRoom = checkRoomId(room);
    if (wrongRoom !== undefined) throw new Error(`${source} returned a wrong user: each of rooms ${wrongRoom}`);
  }
  return { userId, name: shownName(name, userId), rooms, calls, roomRole, expiresAt };
}
