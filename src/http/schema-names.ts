/** Gives names to the schemas in a document: each is written once, and referred to wherever it stands. */

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
export type Fields = Readonly<Record<string, Json>>;

export class SchemaNames {
  readonly #prefix: string;
  readonly #schemas: Readonly<Record<string, Fields>>;
  readonly #nameOf: ReadonlyMap<string, string>;
  readonly #used = new Set<string>();

  /**
   * @param named the schemas that have a name; no two of them may be alike
   * @param prefix of a reference, such as `#/components/schemas/`
   */
  constructor(named: Readonly<Record<string, object>>, prefix: string) {
    this.#prefix = prefix;
    this.#schemas = Object.fromEntries(Object.entries(named).map(([name, schema]) => [name, plain(schema) as Fields]));
    this.#nameOf = new Map(Object.entries(this.#schemas).map(([name, schema]) => [keyOf(schema), name]));
  }

  /** The value with a reference in place of each schema that has a name. */
  referring(value: Json): Json {
    if (!isFields(value)) return Array.isArray(value) ? value.map((item: Json) => this.referring(item)) : value;
    const name = "properties" in value ? this.#nameOf.get(keyOf(value)) : undefined;
    if (name === undefined) return this.#partsReferring(value);
    this.#used.add(name);
    return { $ref: `${this.#prefix}${name}` };
  }

  /** The schemas that were referred to so far, by their names. */
  definitions(): Readonly<Record<string, Json>> {
    const found: Record<string, Json> = {};
    // A schema may refer to others, which are then used too.
    for (const name of this.#used) found[name] = this.#partsReferring(this.#schemas[name] ?? {});
    return inOrder(found);
  }

  #partsReferring(value: Fields): Fields {
    const parts = Object.entries(value).map(([name, part]) => [name, isExample(name) ? part : this.referring(part)]);
    return typed(Object.fromEntries(parts) as Fields);
  }
}

/** Plain JSON, without what TypeBox keeps for itself, and with the one form of records that OpenAPI's tools know. */
export function plain(value: unknown): Json {
  return JSON.parse(
    JSON.stringify(value, (name: string, part: unknown) => {
      if (name.startsWith("~")) return undefined;
      if (typeof part !== "object" || part === null || !("patternProperties" in part)) return part;
      const { patternProperties, ...rest } = part as { patternProperties: Record<string, unknown> };
      return { ...rest, additionalProperties: Object.values(patternProperties)[0] };
    }),
  ) as Json;
}

/** Tools that write code from the document want to know the type of an enumeration. */
function typed(schema: Fields): Fields {
  const { enum: words, const: word, type } = schema;
  const all = Array.isArray(words) ? (words as readonly Json[]) : word === undefined ? [] : [word];
  const isText = type === undefined && all.length > 0 && all.every((one) => typeof one === "string");
  return isText ? { type: "string", ...schema } : schema;
}

/** What makes two schemas the same: everything but examples, and words about the whole. */
function keyOf(schema: Fields): string {
  const { description: _description, ...rest } = schema;
  return JSON.stringify(rest, (_name, value: Json) => (isFields(value) ? inOrder(value) : value));
}

function inOrder<T extends Fields>(fields: T): T {
  const entries = Object.entries(fields).filter(([name]) => !isExample(name));
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))) as T;
}

function isExample(name: string): boolean {
  return name === "example" || name === "examples";
}

function isFields(value: Json): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
