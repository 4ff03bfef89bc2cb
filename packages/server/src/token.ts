import { SignJWT } from "jose";
import { checkRoomId, checkUserId } from "@lastseen/protocol";

export interface TokenOptions {
  /** The service's `JWT_SECRET`. */
  secret: string | undefined;
  /** The id of the user whom your login knows. */
  userId: string;
  /** The name that others see. Without it the id stands in. */
  name?: string | undefined;
  /** The only rooms that the user may join. Without it: any. */
  rooms?: readonly string[] | undefined;
  /** Whether the user may ring others and see their status. Default: `true`; `false` for a token with `rooms`. */
  calls?: boolean | undefined;
  /** What the user is in a room. `audience`: counted, and in no list. Without it the page decides. */
  roomRole?: "participant" | "audience" | undefined;
  /** How long the token is valid, seconds. A client asks for a new one before it ends. Default: 3,600. */
  expiresInSeconds?: number;
  /** The service's `JWT_ISSUER`, if it is set. */
  issuer?: string | undefined;
  /** The service's `JWT_AUDIENCE`, if it is set. */
  audience?: string | undefined;
}

const DEFAULT_SECONDS = 3_600;
/** The service takes no token that is valid for longer. */
const MOST_SECONDS = 10 * 366 * 86_400;
const MOST_ROOMS = 1_000;

/**
 * Makes the token with which a page says hello: a JWT, signed with HS256. Call it for a user whom your own login has let in.
 *
 * @throws TypeError that names the option and says how to mend it. It never repeats the secret
 */
export async function signToken(options: TokenOptions): Promise<string> {
  const { secret, userId, name, rooms, calls, roomRole, issuer, audience } = check(options);
  const { expiresInSeconds = DEFAULT_SECONDS } = options;
  const token = new SignJWT({
    ...(name === undefined ? {} : { name }),
    ...(rooms === undefined ? {} : { rooms: [...rooms] }),
    ...(calls === undefined ? {} : { calls }),
    ...(roomRole === undefined ? {} : { roomRole }),
  })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(userId)
    .setIssuedAt()
    .setExpirationTime(Math.floor(Date.now() / 1_000) + expiresInSeconds);
  if (issuer !== undefined) token.setIssuer(issuer);
  if (audience !== undefined) token.setAudience(audience);
  return token.sign(new TextEncoder().encode(secret));
}

function check(options: TokenOptions): TokenOptions & { secret: string } {
  const { secret, userId, rooms, expiresInSeconds = DEFAULT_SECONDS } = options;
  if (typeof secret !== "string" || secret === "") {
    throw wrong("secret must be the JWT_SECRET of the service; is the variable of your environment set?");
  }
  const problem = checkUserId(userId);
  if (problem !== undefined) throw wrong(`userId ${problem}`);
  if (rooms !== undefined && (!Array.isArray(rooms) || rooms.length > MOST_ROOMS)) {
    throw wrong(`rooms must be a list of at most ${MOST_ROOMS} room ids`);
  }
  for (const roomId of rooms ?? []) {
    const fault = checkRoomId(roomId);
    if (fault !== undefined) throw wrong(`rooms has a room id that ${fault}`);
  }
  if (!Number.isInteger(expiresInSeconds) || expiresInSeconds < 1 || expiresInSeconds > MOST_SECONDS) {
    throw wrong("expiresInSeconds must be a whole number of seconds, from 1 to those of ten years");
  }
  return { ...options, secret };
}

function wrong(what: string): TypeError {
  return new TypeError(`signToken: ${what}.`);
}
