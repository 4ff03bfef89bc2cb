import type { FastifyInstance } from "fastify";
import { IsInteger, IsObject, type TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { Value } from "typebox/value";
import { firstFault } from "@lastseen/protocol/codec";

/**
 * Checks requests with TypeBox, as the gateway does with messages. Fastify's own validator knows only JSON Schema, which cannot
 * say all that the protocol says about ids, and an application may have a validator that takes only schemas of another library.
 */
export function checkRequests(scope: FastifyInstance): void {
  scope.setValidatorCompiler(({ schema, httpPart = "request" }) => {
    const shape = Object(schema) as TSchema;
    const compiled = Compile(shape);
    return (given: unknown) => {
      const value = httpPart === "body" ? given : Value.Default(shape, withNumbers(shape, given));
      if (compiled.Check(value)) return { value };
      return { error: new Error(firstFault(shape, value, httpPart) ?? `${httpPart} is not valid`) };
    };
  });
}

/** Values in a URL are text. Only digits make a number: TypeBox's own conversion would make 1 of 1.5. */
function withNumbers(shape: TSchema, given: unknown): unknown {
  if (!IsObject(shape)) return given;
  const entries = Object.entries(Object(given) as Record<string, unknown>).map(([name, value]) => {
    const isNumber = IsInteger(shape.properties[name]) && typeof value === "string" && /^-?\d+$/.test(value);
    return [name, isNumber ? Number(value) : value] as const;
  });
  return Object.fromEntries(entries);
}
