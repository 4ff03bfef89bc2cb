import type { FastifyError, FastifyInstance } from "fastify";
import { ERRORS, LastseenError, toWireError } from "../protocol/errors.js";

/** Answers every failure as `{ error: { code, message } }` with the fitting status. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError | LastseenError, request, reply) => {
    const failure = fromFramework(error);
    const wire = toWireError(failure);
    const level = ERRORS[wire.code].level;
    request.log[level]({ method: request.method, url: request.url, code: wire.code, err: failure }, "request refused");
    return reply.code(ERRORS[wire.code].httpStatus).send({ error: { code: wire.code, message: wire.message } });
  });
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send({ error: { code: "not_found", message: "There is no such route." } }),
  );
}

/** Fastify's own refusals (schema, size, media type) are the client's mistakes; anything else is ours. */
function fromFramework(error: FastifyError | LastseenError): Error {
  if (error instanceof LastseenError) return error;
  const { statusCode = 500 } = error;
  if (statusCode >= 400 && statusCode < 500) return new LastseenError("bad_message", error.message, { cause: error });
  return error;
}
