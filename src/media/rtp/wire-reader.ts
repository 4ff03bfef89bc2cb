import Type, { type Static, type TProperties, type TSchema } from "typebox";
import { Compile, type Validator } from "typebox/compile";
import { Check } from "typebox/value";
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
 * because browsers and JSON writers disagree on how to write an absent value. The function counts the entries of a list or
 * object before it looks at any of them, stops at the first fault, and throws `bad_message` with the name of the field.
 *
 * @param name what the error messages call the value
 */
export function readerOf<T extends TSchema>(name: string, schema: T): (value: unknown) => Static<T> {
  const validator: Validator = Compile<TSchema>(schema);
  return (value) => {
    const copy = copyKnown(schema, value, name);
    if (validator.Check(copy)) return copy as Static<T>;
    return failAtFirstFault(schema, copy, name);
  };
}

/** @throws LastseenError `bad_message`, always */
export function fail(path: string, problem: string): never {
  throw new LastseenError("bad_message", `${cutText(path, LONGEST_PATH)} ${problem}.`);
}

/** Paths may contain names that the client has chosen. Characters. */
const LONGEST_PATH = 128;

interface Bounds {
  description?: string;
  /** Of a list. */
  maxItems?: number;
  /** Of an object whose names the client chooses. */
  maxProperties?: number;
}

/** @throws LastseenError `bad_message` when a list or an object has more entries than its schema allows */
function copyKnown(schema: TSchema, value: unknown, path: string): unknown {
  if (Type.IsArray(schema) && Array.isArray(value)) {
    assertCount(schema, value.length, path);
    return value.map((item: unknown, index) => copyKnown(schema.items, item, `${path}[${index}]`));
  }
  if (!isObject(value)) return value;
  if (!Type.IsObject(schema)) {
    assertCount(schema, Object.keys(value).length, path);
    return Object.fromEntries(Object.entries(value));
  }
  const known = Object.entries(schema.properties).flatMap(([key, inner]) => {
    const field = value[key];
    return field === undefined || field === null ? [] : [[key, copyKnown(inner, field, `${path}.${key}`)] as const];
  });
  return Object.fromEntries(known);
}

function assertCount(schema: TSchema, count: number, path: string): void {
  const { description, maxItems, maxProperties } = schema as Bounds;
  if (count > (maxItems ?? maxProperties ?? Infinity)) fail(path, `must be ${description}`);
}

/** Looks for the first part that does not fit. A list of all faults would cost many times what the check costs. */
function failAtFirstFault(schema: TSchema, value: unknown, path: string): never {
  if (Type.IsObject(schema) && isObject(value)) {
    for (const name of schema.required ?? []) if (!(name in value)) fail(`${path}.${name}`, "is missing");
    for (const [name, inner] of Object.entries(value)) {
      const part = schema.properties[name];
      if (part && !Check(part, inner)) failAtFirstFault(part, inner, `${path}.${name}`);
    }
  }
  if (Type.IsArray(schema) && Array.isArray(value)) {
    const index = value.findIndex((item) => !Check(schema.items, item));
    if (index >= 0) failAtFirstFault(schema.items, value[index], `${path}[${index}]`);
  }
  if (Type.IsRecord(schema) && isObject(value)) {
    const names = new RegExp(Type.RecordPattern(schema));
    for (const [name, inner] of Object.entries(value)) {
      if (!names.test(name)) fail(`${path}.${name}`, "is not a valid name");
      const part = Type.RecordValue(schema);
      if (!Check(part, inner)) failAtFirstFault(part, inner, `${path}.${name}`);
    }
  }
  return fail(path, `must be ${(schema as Bounds).description}`);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
