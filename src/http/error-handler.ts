import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import { ERRORS, LastseenError, toWireError } from "@lastseen/protocol";

/** The body of every refusal. */
const Refusal = Type.Object({ error: Type.Object({ code: Type.Enum(Object.keys(ERRORS)), message: Type.String() }) });

/** So much is logged of an Origin, which anybody may write what they like into. */
const SHOWN_LENGTH = 200;

/** Answers every failure as `{ error: { code, message } }` with the fitting status, and says so in each route's schema. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler(answerError);
  app.addHook("onRoute", (route) => {
    const { response } = route.schema ?? {};
    route.schema = { ...route.schema, response: { ...Object(response), "4xx": Refusal, "5xx": Refusal } };
  });
}

/** Answers requests for routes that there are not, in the same form. */
export function answerUnknownRoutes(app: FastifyInstance): void {
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: { code: "not_found", message: "There is no such route." } }),
  );
}

/** Writes one refusal. What is not an expected failure becomes `internal` and tells nothing. */
export function answerError(error: FastifyError | LastseenError, request: FastifyRequest, reply: FastifyReply): void {
  const { failure, status } = fromFramework(error);
  const wire = toWireError(failure);
  const { level } = ERRORS[wire.code];
  const { method, url } = request;
  const origin = request.headers.origin?.slice(0, SHOWN_LENGTH);
  const err = level === "error" || level === "warn" ? faultIn(failure) : undefined;
  request.log[level]({ method, url, origin, code: wire.code, reason: wire.message, err }, "request refused");
  void reply.code(status ?? ERRORS[wire.code].httpStatus).send({ error: { code: wire.code, message: wire.message } });
}

/** What somebody has to look at; an expected failure is told by its code and message, and its stack tells nothing. */
function faultIn(failure: Error): unknown {
  return failure instanceof LastseenError ? failure.cause : failure;
}

/** Fastify's own refusals (schema, size, media type) are the client's mistakes and keep their status. */
function fromFramework(error: FastifyError | LastseenError): { failure: Error; status?: number } {
  if (error instanceof LastseenError) return { failure: error };
  const { statusCode: status = 500 } = error;
  if (status < 400 || status >= 500) return { failure: error };
  return { failure: new LastseenError("bad_message", explain(error), { cause: error }), status };
}

/** Fastify's words, and the values that there are where one of several was wanted. */
function explain({ message, validation }: FastifyError): string {
  const [wrong] = validation ?? [];
  const allowed = wrong?.keyword === "enum" ? wrong.params["allowedValues"] : undefined;
  return Array.isArray(allowed) ? `${message}: ${allowed.join(", ")}` : message;
}
