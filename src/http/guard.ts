import { createHash, timingSafeEqual } from "node:crypto";
import type { onRequestAsyncHookHandler } from "fastify";
import { LastseenError } from "../protocol/errors.js";

/** A hook that lets only requests with this bearer token through; without a token configured, everybody. */
export function bearerGuard(token: string | undefined): onRequestAsyncHookHandler {
  const expected = token === undefined ? undefined : digest(`Bearer ${token}`);
  return async (request) => {
    if (expected === undefined) return;
    if (!timingSafeEqual(digest(request.headers.authorization ?? ""), expected)) {
      throw new LastseenError("unauthorized", "This needs the header Authorization: Bearer <token>.");
    }
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
