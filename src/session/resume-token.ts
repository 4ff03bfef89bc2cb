import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** A new secret of 192 bits. */
export function createResumeToken(): string {
  return randomBytes(24).toString("base64url");
}

/** Compares in constant time, whatever the lengths. */
export function isSameToken(given: string, expected: string): boolean {
  return timingSafeEqual(digest(given), digest(expected));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
