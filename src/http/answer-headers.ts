import type { FastifyInstance, FastifyReply } from "fastify";

/** The paths below the application's prefix whose answers show the present state. */
const OF_THE_API = /^\/(?:api|health|metrics)(?:[/?]|$)/;

/**
 * Tells browsers and proxies to keep no answer of the API, and browsers to believe its media type. Errors too. Call it before
 * other hooks that may answer.
 */
export function protectAnswers(app: FastifyInstance): void {
  app.addHook("onRequest", async (request, reply) => {
    const paths = [request.url, request.routeOptions.url ?? ""];
    if (paths.some((path) => OF_THE_API.test(path.slice(app.prefix.length)))) addAnswerHeaders(reply);
  });
}

export function addAnswerHeaders(reply: FastifyReply): void {
  void reply.headers({ "x-content-type-options": "nosniff", "cache-control": "no-store" });
}
