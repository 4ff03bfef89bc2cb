import { createHash, timingSafeEqual } from "node:crypto";
import type { onRequestAsyncHookHandler } from "fastify";
import { LastseenError } from "@lastseen/protocol";

const SCHEME = /^bearer +/i;

/** A hook that lets only requests with this bearer token through; without a token configured, everybody. */
export function bearerGuard(token: string | undefined): onRequestAsyncHookHandler {
  const expected = token === undefined ? undefined : digest(token);
  return async (request, reply) => {
    if (expected === undefined) return;
    const { authorization = "" } = request.headers;
    const given = SCHEME.test(authorization) ? authorization.replace(SCHEME, "") : "";
    if (!timingSafeEqual(digest(given), expected)) {
      void reply.header("www-authenticate", "Bearer");
      throw new LastseenError("unauthorized", "This needs the header Authorization: Bearer <token>.");
    }
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
