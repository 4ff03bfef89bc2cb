import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type from "typebox";
import { Compile } from "typebox/compile";
import { LastseenError } from "@lastseen/protocol";

const Goodbye = Type.Object({
  sessionId: Type.String({ minLength: 1, maxLength: 128 }),
  resumeToken: Type.String({ minLength: 1, maxLength: 256 }),
});
const goodbyeCheck = Compile(Goodbye);
const description = 'JSON text: {"sessionId": "…", "resumeToken": "…"}';

/**
 * The goodbye beacon of a page that is about to close. A beacon cannot set headers or wait, so it is plain text with the
 * resume token in the body. Every beacon gets the same answer, so that nobody learns which sessions exist.
 */
export function beaconRoute(goodbye: (sessionId: string, resumeToken: string) => boolean): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      "/api/sessions/leave",
      {
        bodyLimit: 1024,
        schema: {
          tags: ["sessions"],
          security: [],
          summary: "Goodbye beacon of a page",
          body: {
            content: {
              "text/plain": { schema: Type.String({ description }) },
              "application/json": { schema: Goodbye },
            },
          },
          response: { 204: Type.Null({ description: "Heard, whether or not there is such a session" }) },
        },
      },
      async (request, reply) => {
        const { sessionId, resumeToken } = parse(request.body);
        const known = goodbye(sessionId, resumeToken);
        request.log.debug({ sessionId, known }, "goodbye beacon");
        return reply.code(204).send(null);
      },
    );
  };
}

function parse(body: unknown): { sessionId: string; resumeToken: string } {
  try {
    const value: unknown = typeof body === "string" ? JSON.parse(body) : body;
    if (goodbyeCheck.Check(value)) return value;
  } catch {
    // It is not JSON, and is refused below like any other wrong body.
  }
  throw new LastseenError("bad_message", "The body must be JSON with sessionId and resumeToken.");
}
