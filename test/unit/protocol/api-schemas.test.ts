import { expect, test } from "vitest";
import { Value } from "typebox/value";
import { firstFault } from "@lastseen/protocol/codec";
import { API_SCHEMAS } from "@lastseen/protocol/http";

const schemas = Object.entries(API_SCHEMAS);

test("each example in the OpenAPI document fits the schema that it explains", () => {
  let tried = 0;
  for (const [name, schema] of schemas) {
    const { examples = [] } = schema as { examples?: readonly unknown[] };
    for (const example of examples) {
      expect(firstFault(schema, example, name)).toBeUndefined();
      expect(Value.Check(schema, example), name).toBe(true);
      tried += 1;
    }
  }
  expect(tried).toBeGreaterThan(20);
});

test("a schema has one name", () => {
  const texts = schemas.map(([, schema]) => JSON.stringify(schema));
  expect(new Set(texts).size).toBe(texts.length);
});
