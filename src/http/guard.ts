import { createHash, timingSafeEqual } from "node:crypto";
import type { onRequestAsyncHookHandler } from "fastify";
import { LastseenError } from "@lastseen/protocol";
import { delay, type Clock } from "../kernel/clock.js";
import type { AdminGuesses, GuessedSetting } from "./admin-guesses.js";

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
        throw new LastseenError(
          "rate_limited",
          `Your address sent too many wrong tokens. Send the value of ${setting}, or wait ${seconds} seconds.`,
        );
      }
      if (outcome.delayMs > 0) await delay(clock, outcome.delayMs);
    }
    void reply.header("www-authenticate", "Bearer");
    throw new LastseenError("unauthorized", "This needs the header Authorization: Bearer <token>.");
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
