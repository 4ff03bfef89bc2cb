import { IsArray, IsObject, type TSchema } from "typebox";
import { Check, Errors } from "typebox/value";
import { cutText, toWellFormed } from "./text.js";

/** The path in a message is not longer than this. The client chose the names in it. */
const SHOWN_PATH = 128;

/**
 * The first thing that is wrong with the data of a request, in words. It names the field and never repeats its value.
 *
 * The validator can list all faults, but the list of 32,000 wrong items takes a hundred times as long as reading the message.
 * So this walk stops at the first wrong part, and asks the validator about this part alone.
 *
 * @returns undefined when nothing is wrong
 */
export function firstFault(schema: TSchema, value: unknown, path = "data"): string | undefined {
  const own = withoutParts(schema);
  if (!Check(own, value)) return explain(own, value, toWellFormed(cutText(path, SHOWN_PATH)));
  for (const [name, part, partSchema] of partsOf(schema, value)) {
    const fault = firstFault(partSchema, part, `${path}.${name}`);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function explain(schema: TSchema, value: unknown, path: string): string {
  const [fault] = Errors(schema, value);
  if (!fault) return `${path} does not fit the request`;
  if (fault.keyword === "enum") return `${path} must be one of ${fault.params.allowedValues.join(", ")}`;
  return `${path} ${fault.message}`;
}

/** The items of a list, or the properties of an object that the schema knows and that are there. */
function* partsOf(schema: TSchema, value: unknown): Generator<[name: string, part: unknown, schema: TSchema]> {
  if (IsArray(schema)) {
    for (const [at, item] of (value as readonly unknown[]).entries()) yield [String(at), item, schema.items];
  }
  if (IsObject(schema)) {
    const fields = value as Readonly<Record<string, unknown>>;
    for (const [name, property] of Object.entries(schema.properties)) {
      if (fields[name] !== undefined) yield [name, fields[name], property];
    }
  }
}

/** What the schema says about the value itself: its kind, its size and its required fields. */
function withoutParts(schema: TSchema): TSchema {
  // A schema without parts stays as it is: a copy would lose the checks that are functions.
  if (!IsArray(schema) && !IsObject(schema)) return schema;
  const { items: _items, properties: _properties, additionalProperties: _more, ...own } = schema as Parts;
  return own;
}

interface Parts {
  items?: unknown;
  properties?: unknown;
  additionalProperties?: unknown;
}
