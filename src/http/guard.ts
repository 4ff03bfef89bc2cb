import { createHash, timingSafeEqual } from "node:crypto";
import type { onRequestAsyncHookHandler } from "fastify";
import { LastseenError } from "@lastseen/protocol";

const SCHEME = /^bearer +/i;

/**
 * A hook that lets only requests with this bearer token through. Without a token it lets every request through.
 *
 * `@fastify/bearer-auth` is not used here: it answers and logs refusals in a form of its own, and it decorates the instance, so
 * that the plugin could not be registered in an application that uses it too.
 */
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
