import type { FastifyInstance } from "fastify";
import { Compile } from "typebox/compile";
import { Value } from "typebox/value";

/**
 * Keeps our JSON schemas from an application's own compilers, which may know schemas of another library only. Where the
 * application has none, Fastify's do the work.
 */
export function compileSchemas(scope: FastifyInstance): void {
  if (scope.validatorCompiler) {
    scope.setValidatorCompiler(({ schema, httpPart }) => {
      const compiled = Compile(Object(schema));
      return (given: unknown) => {
        // As Fastify does it: what comes in a URL is text, and may be left out where there is a default.
        const value = httpPart === "body" ? given : Value.Convert(Object(schema), Value.Default(Object(schema), given));
        if (compiled.Check(value)) return { value };
        const [first] = compiled.Errors(value);
        return { error: new Error(`${httpPart}${first?.instancePath ?? ""} ${first?.message ?? "is not valid"}`) };
      };
    });
  }
  if (scope.serializerCompiler) scope.setSerializerCompiler(() => (value) => JSON.stringify(value));
}
