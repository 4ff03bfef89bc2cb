import { createHash, timingSafeEqual } from "node:crypto";
import type { onRequestAsyncHookHandler } from "fastify";
import { delay, type Clock } from "../kernel/clock.js";
import type { AdminGuesses, GuessedSetting } from "./admin-guesses.js";
import { HttpRefusal } from "./http-refusal.js";

const FIELD = "header.authorization";
const SCHEME = /^bearer +/i;

/**
 * A hook that lets only requests with this bearer token through. Without a token it lets every request through. A wrong token
 * is a guess: {@link AdminGuesses} says how late the answer comes. A request without a token is refused at once.
 *
 * `@fastify/bearer-auth` is not used here: it answers and logs refusals in a form of its own, and it decorates the instance, so
 * that the plugin could not be registered in an application that uses it too.
 *
 * @param setting where the token comes from
 */
export function bearerGuard(
  setting: GuessedSetting,
  token: string | undefined,
  { guesses, clock }: { guesses: AdminGuesses; clock: Clock },
): onRequestAsyncHookHandler {
  const expected = token === undefined ? undefined : digest(token);
  return async (request, reply) => {
    if (expected === undefined) return;
    const { authorization = "" } = request.headers;
    const given = SCHEME.test(authorization) ? authorization.replace(SCHEME, "") : "";
    if (timingSafeEqual(digest(given), expected)) return;
    if (given !== "") {
      const outcome = guesses.count(setting, request.ip);
      if (outcome.kind === "refused") {
        const seconds = Math.ceil(outcome.retryAfterMs / 1_000);
        void reply.header("retry-after", String(seconds));
        const problem = `Your address sent too many wrong tokens. Send the value of ${setting}, or wait ${seconds} seconds.`;
        throw new HttpRefusal("rate_limited", problem, { field: FIELD });
      }
      if (outcome.delayMs > 0) await delay(clock, outcome.delayMs);
    }
    void reply.header("www-authenticate", "Bearer");
    const mend = `The token is the value of ${setting}.`;
    const problem = "This needs the header Authorization: Bearer <token>.";
    throw new HttpRefusal("unauthorized", problem, { field: FIELD, mend });
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
