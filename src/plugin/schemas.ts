import type { FastifyInstance } from "fastify";

/**
 * Writes our answers as plain JSON when the application has a serializer of its own, because this may accept only schemas of
 * another library. Otherwise Fastify's own serializer does the work.
 */
export function serializeAnswers(scope: FastifyInstance): void {
  if (scope.serializerCompiler) scope.setSerializerCompiler(() => (value) => JSON.stringify(value));
}
