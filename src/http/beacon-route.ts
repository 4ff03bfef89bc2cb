import type { FastifyPluginAsyncTypebox } from "@fastify/type-provider-typebox";
import Type from "typebox";
import { Compile } from "typebox/compile";
import { HttpRefusal } from "./http-refusal.js";

const Proof = Type.Object({
  sessionId: Type.String({ minLength: 1, maxLength: 128 }),
  resumeToken: Type.String({ minLength: 1, maxLength: 256 }),
});
const proofCheck = Compile(Proof);
const description = 'JSON text: {"sessionId": "…", "resumeToken": "…"}';

/** What a page can say without a socket. Each returns whether there is such a session. */
export interface Beacons {
  /** The page is about to close. */
  goodbye(sessionId: string, resumeToken: string): boolean;
  /** The page is being loaded again, and that takes long. */
  hold(sessionId: string, resumeToken: string): boolean;
}

/**
 * The beacons of a page. A beacon cannot set headers or wait, so it is plain text with the resume token in the body. Every
 * beacon gets the same answer, so that nobody learns which sessions exist.
 */
export function beaconRoutes(beacons: Beacons): FastifyPluginAsyncTypebox {
  const routes = [
    {
      url: "/api/sessions/leave",
      operationId: "leaveSession",
      summary: "Goodbye beacon of a page",
      heard: "goodbye beacon",
      act: (sessionId: string, resumeToken: string) => beacons.goodbye(sessionId, resumeToken),
    },
    {
      url: "/api/sessions/hold",
      operationId: "holdSession",
      summary: "A page that is being reloaded asks for more time",
      heard: "hold beacon",
      act: (sessionId: string, resumeToken: string) => beacons.hold(sessionId, resumeToken),
    },
  ];
  return async (app) => {
    for (const { url, operationId, summary, heard, act } of routes) {
      app.post(
        url,
        {
          bodyLimit: 1024,
          schema: {
            operationId,
            tags: ["sessions"],
            security: [],
            summary,
            body: {
              content: {
                "text/plain": { schema: Type.String({ description }) },
                "application/json": { schema: Proof },
              },
            },
            response: { 204: Type.Null({ description: "Heard, whether or not there is such a session" }) },
          },
        },
        async (request, reply) => {
          const { sessionId, resumeToken } = parse(request.body);
          const known = act(sessionId, resumeToken);
          request.log.debug({ sessionId, known }, heard);
          return reply.code(204).send(null);
        },
      );
    }
  };
}

function parse(body: unknown): { sessionId: string; resumeToken: string } {
  try {
    const value: unknown = typeof body === "string" ? JSON.parse(body) : body;
    if (proofCheck.Check(value)) return value;
  } catch {
    // It is not JSON, and is refused below like any other wrong body.
  }
  throw new HttpRefusal("bad_message", "The body must be JSON with sessionId and resumeToken.", { field: "body" });
}
