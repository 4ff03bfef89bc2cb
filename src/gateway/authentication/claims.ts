/** What a token says, after its signature was checked. Each refusal names the claim and what is wrong with it. */
import { checkRoomId, checkUserId, LastseenError, type RoomRole, shownName } from "@lastseen/protocol";
import type { Identity } from "../../session/session.js";

/** What the service requires of the claims, beside a right user and a time. */
export interface ClaimRules {
  /** The value of `iss`; undefined: any or none. */
  issuer: string | undefined;
  /** `aud` must be this text or a list with it; undefined: any or none. */
  audience: string | undefined;
  /** How far the clocks of issuer and service may differ, seconds. */
  toleranceS: number;
}

/** A token may be valid for at most so long. Whoever needs more wants a token that never expires, which nobody can take back. */
export const LONGEST_LIFE_S = 10 * 366 * 24 * 60 * 60;
const MOST_ROOMS = 1000;

/**
 * @param now epoch milliseconds
 * @throws LastseenError `unauthorized`
 */
export function identityOf(claims: unknown, rules: ClaimRules, now: number): Identity {
  if (typeof claims !== "object" || claims === null || Array.isArray(claims)) {
    throw new LastseenError("unauthorized", "The token's claims must be a JSON object.");
  }
  const { sub, name, rooms, calls, roomRole, exp, nbf, iat, iss, aud } = claims as Readonly<Record<string, unknown>>;
  checkSource(rules, iss, aud);
  const expiresAt = checkTimes({ exp, nbf, iat }, rules.toleranceS, now);
  return {
    userId: userOf(sub),
    name: shownName(name, String(sub)),
    rooms: roomsOf(rooms),
    calls: callsOf(calls, rooms),
    roomRole: roomRoleOf(roomRole),
    expiresAt,
  };
}

function checkSource({ issuer, audience }: ClaimRules, iss: unknown, aud: unknown): void {
  if (issuer !== undefined && iss !== issuer) {
    throw wrong("iss", iss === undefined ? "is missing" : "is not the one that JWT_ISSUER names");
  }
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (audience !== undefined && !audiences.includes(audience)) {
    throw wrong("aud", aud === undefined ? "is missing" : "does not have the value that JWT_AUDIENCE names");
  }
}

/** @returns when the token runs out, epoch milliseconds */
function checkTimes(
  { exp, nbf, iat }: { exp: unknown; nbf: unknown; iat: unknown },
  toleranceS: number,
  now: number,
): number {
  const nowS = now / 1000;
  if (exp === undefined) throw wrong("exp", "is missing; it must be the second in which the token expires");
  const end = seconds("exp", exp);
  if (end + toleranceS <= nowS) throw new LastseenError("unauthorized", "The token has expired.");
  if (end > nowS + LONGEST_LIFE_S) {
    throw wrong("exp", "is more than ten years away; it must be seconds since 1970 (not milliseconds), and sooner");
  }
  if (nbf !== undefined && seconds("nbf", nbf) > nowS + toleranceS) throw wrong("nbf", "is in the future");
  if (iat !== undefined && seconds("iat", iat) > nowS + toleranceS) {
    throw wrong("iat", "is in the future: check the clock of the machine that made the token");
  }
  return (end + toleranceS) * 1000;
}

function seconds(claim: string, value: unknown): number {
  if (typeof value !== "number") throw wrong(claim, `${kindOf(value)}; it must be a number of seconds since 1970`);
  // JSON can write numbers that become infinite, such as 1e999.
  if (!Number.isFinite(value)) throw wrong(claim, "is too large");
  return value;
}

function userOf(sub: unknown): string {
  if (sub === undefined) throw wrong("sub", "is missing; it must be the user's id");
  if (typeof sub !== "string") throw wrong("sub", `${kindOf(sub)}; it must be text, such as "42"`);
  const problem = checkUserId(sub);
  if (problem !== undefined) throw wrong("sub", problem);
  return sub;
}

function roomsOf(rooms: unknown): readonly string[] | undefined {
  if (rooms === undefined) return undefined;
  if (!Array.isArray(rooms)) throw wrong("rooms", `${kindOf(rooms)}; it must be a list of room ids`);
  if (rooms.length > MOST_ROOMS) throw wrong("rooms", `must have at most ${MOST_ROOMS} rooms`);
  for (const room of rooms as readonly unknown[]) {
    const problem = checkRoomId(room);
    if (problem !== undefined) throw wrong("rooms", `has a room id that ${problem}`);
  }
  return rooms as readonly string[];
}

function callsOf(calls: unknown, rooms: unknown): boolean {
  if (calls === undefined) return rooms === undefined;
  if (typeof calls !== "boolean") throw wrong("calls", `${kindOf(calls)}; it must be true or false`);
  return calls;
}

function roomRoleOf(role: unknown): RoomRole | undefined {
  if (role === undefined || role === "participant" || role === "audience") return role;
  throw wrong("roomRole", 'must be "participant" or "audience"');
}

function kindOf(value: unknown): string {
  if (value === null) return "is null";
  if (Array.isArray(value)) return "is a list";
  return typeof value === "string" ? "is text" : typeof value === "object" ? "is an object" : `is a ${typeof value}`;
}

function wrong(claim: string, problem: string): LastseenError {
  return new LastseenError("unauthorized", `The token's claim \`${claim}\` ${problem}.`);
}
