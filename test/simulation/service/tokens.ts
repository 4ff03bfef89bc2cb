import type { Authenticate } from "../../../src/gateway/authenticate.js";
import { LastseenError } from "@lastseen/protocol";

const LIFE_MS = 2 * 60 * 60_000;

/** Makes a token of the simulation: a user and an expiry time. @param now epoch milliseconds */
export function makeToken(userId: string, now: number): string {
  return `${userId} ${now + LIFE_MS}`;
}

export const readToken: Authenticate = ({ token = "" }) => {
  const [userId = "", expiresAt] = token.split(" ");
  if (Number.isNaN(Number(expiresAt))) throw new LastseenError("unauthorized", "This is not a token.");
  return { userId, name: userId, rooms: undefined, calls: true, expiresAt: Number(expiresAt) };
};
