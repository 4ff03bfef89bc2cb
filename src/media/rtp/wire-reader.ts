import Type, { type Static, type TProperties, type TSchema } from "typebox";
import { Compile, type Validator } from "typebox/compile";
import { cutText, LastseenError } from "@lastseen/protocol";

/**
 * Checks JSON from a client against a TypeBox schema and copies what the schema names. The functions here build such
 * schemas; the `description` of each one completes the sentence "<field> must be …" of the error message.
 */

/** An object of these fields. {@link readerOf} drops all others, and the schema refuses them, so that none gets through. */
export function fieldsOf<T extends TProperties>(properties: T) {
  return Type.Object(properties, { additionalProperties: false, description: "an object" });
}

export function listOf<T extends TSchema>(item: T, minItems: number, maxItems: number) {
  return Type.Array(item, { minItems, maxItems, description: `a list of ${minItems} to ${maxItems} entries` });
}

export function integer(minimum: number, maximum: number) {
  return Type.Integer({ minimum, maximum, description: `an integer from ${minimum} to ${maximum}` });
}

export function text(pattern: RegExp, description: string) {
  return Type.String({ pattern, description });
}

export function oneOf<T extends string>(...allowed: T[]) {
  return Type.Unsafe<T>(Type.Enum(allowed, { description: `one of ${allowed.join(", ")}` }));
}

/**
 * Makes a function that returns a checked copy of a value. Unknown fields are left out, and so are those that are null,
 * because browsers and JSON writers disagree on how to write an absent value. The function stops at the first fault and
 * throws `bad_message` with the name of the field.
 *
 * @param name what the error messages call the value
 */
export function readerOf<T extends TSchema>(name: string, schema: T): (value: unknown) => Static<T> {
  const validator: Validator = Compile<TSchema>(schema);
  return (value) => {
    const copy = copyKnown(schema, value);
    if (validator.Check(copy)) return copy as Static<T>;
    return failAtFirstFault(name, schema, validator, copy);
  };
}

/** @throws LastseenError `bad_message`, always */
export function fail(path: string, problem: string): never {
  throw new LastseenError("bad_message", `${cutText(path, LONGEST_PATH)} ${problem}.`);
}

/** Paths may contain names that the client has chosen. Characters. */
const LONGEST_PATH = 128;

function copyKnown(schema: TSchema, value: unknown): unknown {
  if (Type.IsArray(schema) && Array.isArray(value)) {
    const { items, maxItems = 0 } = schema as { items: TSchema; maxItems?: number };
    // One entry too many is enough for the check to refuse the list.
    return value.slice(0, maxItems + 1).map((item: unknown) => copyKnown(items, item));
  }
  if (!isObject(value)) return value;
  if (!Type.IsObject(schema)) return Object.fromEntries(Object.entries(value));
  const known = Object.entries(schema.properties).flatMap(([key, inner]) => {
    const field = value[key];
    return field === undefined || field === null ? [] : [[key, copyKnown(inner, field)] as const];
  });
  return Object.fromEntries(known);
}

function failAtFirstFault(name: string, schema: TSchema, validator: Validator, value: unknown): never {
  const fault = validator.Errors(value)[0];
  if (!fault) return fail(name, "is not valid");
  const path = fault.instancePath.split("/").reduce((before, part) => before + stepTo(part));
  if (fault.keyword === "required") return fail(`${name}${path}.${fault.params.requiredProperties[0]}`, "is missing");
  const description = descriptionAt(schema, fault.schemaPath);
  return fail(name + path, description === undefined ? "is not a valid name" : `must be ${description}`);
}

function stepTo(part: string): string {
  return /^\d+$/.test(part) ? `[${part}]` : `.${part}`;
}

/** @param schemaPath as TypeBox names it, for example `#/properties/codecs/items` */
function descriptionAt(schema: TSchema, schemaPath: string): string | undefined {
  const steps = schemaPath.split("/").slice(1);
  const found = steps.reduce<unknown>((inner, step) => (isObject(inner) ? inner[step] : undefined), schema);
  return isObject(found) ? (found["description"] as string | undefined) : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
