import type { FastifyInstance } from "fastify";

const JSON_TYPE = "application/json";

/**
 * Many HTTP clients send `content-type: application/json` with every request, also with a DELETE that has no body. Fastify
 * refuses an empty body of that type; here a DELETE may have one.
 */
export function acceptDeletesWithoutBody(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeContentTypeParser(JSON_TYPE);
  app.addContentTypeParser(JSON_TYPE, { parseAs: "string" }, (request, body: string, done) => {
    if (body === "" && request.method === "DELETE") done(null, undefined);
    else void parse(request, body, done);
  });
}
