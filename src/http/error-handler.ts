import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import Type from "typebox";
import { ERRORS, LastseenError, toWireError } from "../protocol/errors.js";

/** The body of every refusal. */
const Refusal = Type.Object({ error: Type.Object({ code: Type.Enum(Object.keys(ERRORS)), message: Type.String() }) });

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
  const level = ERRORS[wire.code].level;
  request.log[level]({ method: request.method, url: request.url, code: wire.code, err: failure }, "request refused");
  void reply.code(status ?? ERRORS[wire.code].httpStatus).send({ error: { code: wire.code, message: wire.message } });
}

/** Fastify's own refusals (schema, size, media type) are the client's mistakes and keep their status. */
function fromFramework(error: FastifyError | LastseenError): { failure: Error; status?: number } {
  if (error instanceof LastseenError) return { failure: error };
  const { statusCode: status = 500 } = error;
  if (status < 400 || status >= 500) return { failure: error };
  return { failure: new LastseenError("bad_message", error.message, { cause: error }), status };
}
