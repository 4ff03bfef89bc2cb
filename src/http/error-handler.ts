import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import { ERRORS, LastseenError, toWireError } from "@lastseen/protocol";
import type { RefusedHttp } from "./refused-http.js";
import { shown } from "./shown.js";

/** The body of every refusal. */
const Refusal = Type.Object({ error: Type.Object({ code: Type.Enum(Object.keys(ERRORS)), message: Type.String() }) });

/** Answers every failure with its status and `{ error: { code, message } }`, and adds this form to the schema of each route. */
export function answerErrors(app: FastifyInstance, refused: RefusedHttp): void {
  app.setErrorHandler<FastifyError | LastseenError>((error, request, reply) =>
    answerError(error, request, reply, refused),
  );
  app.addHook("onRoute", (route) => {
    const { response } = route.schema ?? {};
    route.schema = { ...route.schema, response: { ...Object(response), "4xx": Refusal, "5xx": Refusal } };
  });
}

/** Answers requests for unknown routes in the same form. */
export function answerUnknownRoutes(app: FastifyInstance): void {
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: { code: "not_found", message: "There is no such route." } }),
  );
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
  void reply.code(status ?? ERRORS[wire.code].httpStatus).send({ error: { code: wire.code, message: wire.message } });
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

/** Fastify refuses what a client did wrong (schema, size, media type). Such a refusal keeps its status. */
function fromFramework(error: FastifyError | LastseenError): { failure: Error; status?: number } {
  if (error instanceof LastseenError) return { failure: error };
  const { statusCode: status = 500 } = error;
  if (status < 400 || status >= 500) return { failure: error };
  const message = PATH_FAULTS[error.code] ?? error.message;
  return { failure: new LastseenError("bad_message", message, { cause: error }), status };
}
