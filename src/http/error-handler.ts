import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { ERRORS, LastseenError, toWireError } from "@lastseen/protocol";
import { Problem, PROBLEM_TYPE, problemOf } from "@lastseen/protocol/http";
import { HttpRefusal, NO_ROUTE } from "./http-refusal.js";
import type { RefusedHttp } from "./refused-http.js";
import { shown } from "./shown.js";

/** What {@link answerErrors} adds to the schema of each route. */
const REFUSALS = { content: { [PROBLEM_TYPE]: { schema: Problem } } };

/** Answers every failure with its status and problem details, and adds this form to the schema of each route. */
export function answerErrors(app: FastifyInstance, refused: RefusedHttp): void {
  app.setErrorHandler<FastifyError | LastseenError>((error, request, reply) =>
    answerError(error, request, reply, refused),
  );
  app.addHook("onRoute", (route) => {
    const { response } = route.schema ?? {};
    const refusals = {
      "4xx": { description: "The request is wrong, or not allowed", ...REFUSALS },
      "5xx": { description: "The service cannot answer at this moment", ...REFUSALS },
    };
    route.schema = { ...route.schema, response: { ...Object(response), ...refusals } };
  });
}

/** Answers requests for unknown routes in the same form. */
export function answerUnknownRoutes(app: FastifyInstance): void {
  app.setNotFoundHandler((_request, reply) => refuse(reply, problemOf("not_found", NO_ROUTE, { field: "path" })));
}

/** Answers with problem details. */
export function refuse(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply.code(problem.status).type(PROBLEM_TYPE).send(problem);
}

/** Answers, counts and logs one failure. An unexpected one becomes `internal`, and the client learns no more. */
export function answerError(
  error: FastifyError | LastseenError,
  request: FastifyRequest,
  reply: FastifyReply,
  refused: RefusedHttp,
): void {
  const { failure, status } = fromFramework(error);
  const wire = toWireError(failure);
  const { level } = ERRORS[wire.code];
  const url = shown(request.url);
  const origin = shown(request.headers.origin);
  const err = level === "error" || level === "warn" ? faultIn(failure) : undefined;
  // Fastify's messages repeat what the client sent, such as a media type.
  const reason = shown(wire.message);
  refused.note(request, wire.code, { method: request.method, url, origin, reason, err });
  const { field, mend } = failure instanceof HttpRefusal ? failure : {};
  void refuse(reply, problemOf(wire.code, wire.message, { field, mend, data: wire.data, status }));
}

/** The error for the log. Code and message say all about an expected failure, so only its cause is logged. */
function faultIn(failure: Error): unknown {
  return failure instanceof LastseenError ? failure.cause : failure;
}

/** Fastify's own words for these repeat the whole path. */
const PATH_FAULTS: Readonly<Record<string, string>> = {
  FST_ERR_BAD_URL: "The path is not valid: its percent-encoding is wrong.",
  FST_ERR_MAX_PARAM_LENGTH: "The path is not valid: an id in it is too long.",
};

/** How Fastify calls the parts of a request, and how problem details call them. */
const PARTS: Readonly<Record<string, string>> = {
  params: "path",
  querystring: "query",
  body: "body",
  headers: "header",
};

/** Fastify refuses what a client did wrong (schema, size, media type). Such a refusal keeps its status. */
function fromFramework(error: FastifyError | LastseenError): { failure: Error; status?: number } {
  if (error instanceof LastseenError) return { failure: error };
  const { statusCode: status = 500 } = error;
  if (status < 400 || status >= 500) return { failure: error };
  const pathFault = PATH_FAULTS[error.code];
  const field = pathFault === undefined ? fieldOf(error) : "path";
  return { failure: new HttpRefusal("bad_message", pathFault ?? error.message, { field, cause: error }), status };
}

/** The message of a refused request begins with the field: `querystring.limit must be …`. */
function fieldOf({ validationContext, message }: FastifyError): string | undefined {
  if (validationContext === undefined) return undefined;
  const [path = ""] = message.split(" ", 1);
  const [part = "", ...names] = path.split(".");
  return part === validationContext ? [PARTS[part] ?? part, ...names].join(".") : PARTS[validationContext];
}
