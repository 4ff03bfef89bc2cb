import type { FastifyInstance } from "fastify";
import { Compile } from "typebox/compile";
import { Value } from "typebox/value";

/**
 * Compiles the schemas of our routes with TypeBox when the application has compilers of its own, because these may accept only
 * schemas of another library. Otherwise Fastify's own compilers do the work.
 */
export function compileSchemas(scope: FastifyInstance): void {
  if (scope.validatorCompiler) {
    scope.setValidatorCompiler(({ schema, httpPart }) => {
      const compiled = Compile(Object(schema));
      return (given: unknown) => {
        // As Fastify does: values in a URL are text, and a missing value gets its default.
        const value = httpPart === "body" ? given : Value.Convert(Object(schema), Value.Default(Object(schema), given));
        if (compiled.Check(value)) return { value };
        const [first] = compiled.Errors(value);
        return { error: new Error(`${httpPart}${first?.instancePath ?? ""} ${first?.message ?? "is not valid"}`) };
      };
    });
  }
  if (scope.serializerCompiler) scope.setSerializerCompiler(() => (value) => JSON.stringify(value));
}
