/** Values that have broken programs before. The fuzz tests put them wherever a client may put a value. */
import fc from "fast-check";

/** Texts that are hard on parsers, terminals, logs, Lua scripts, URLs or object keys. */
const TEXTS: readonly string[] = [
  "",
  " ",
  ".",
  "..",
  "../../etc/passwd",
  "__proto__",
  "constructor",
  "hasOwnProperty",
  "toString",
  "null",
  "undefined",
  "NaN",
  "-0",
  "1e309",
  "\u0000",
  "a\u0000b",
  "\u001B[2J\u001B[31m",
  "\u0007",
  "line\r\nbreak: yes",
  "\u2028\u2029",
  "\u202Egnp.exe",
  "\u2066\u2069",
  "\u200B\u200D\uFEFF",
  "\uD800",
  "\uDC00x",
  "Maria \uD83C",
  "🎉".repeat(128),
  "e\u0301".repeat(128),
  "👨‍👩‍👧‍👦".repeat(20),
  "\uFFFD",
  "\uFFFF",
  "会议室",
  "auth0|5f7c",
  "ada+x@example.com",
  "Team standup",
  "%00",
  "%",
  "%zz%2F%2e%2e",
  "a/b\\c",
  "{a}:*?[x]",
  "'; DROP TABLE users; --",
  "<img src=x onerror=alert(1)>",
  "${7*7}{{7*7}}",
  "x".repeat(64),
  "x".repeat(65),
  "x".repeat(128),
  "x".repeat(129),
  "x".repeat(257),
  "x".repeat(9_000),
];

/** Single units that are put together at random. */
const UNITS = [
  "\uD83C",
  "\uDF89",
  "\u202E",
  "\u0000",
  "\u001B",
  "\u200D",
  " ",
  "%",
  "{",
  "}",
  "|",
  "会",
  "a",
  ":",
  '"',
  "\\",
];

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 140 }) },
  { weight: 1, arbitrary: fc.array(fc.constantFrom(...UNITS), { maxLength: 12 }).map((units) => units.join("")) },
);

/** JSON carries no infinite numbers and no NaN, but `1e400` in a frame becomes infinite; see {@link EXTRAS}. */
export const hostileNumber: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(
    0,
    -0,
    -1,
    1,
    0.5,
    16,
    17,
    2 ** 31,
    -(2 ** 31),
    2 ** 32,
    2 ** 53,
    -(2 ** 53),
    1e21,
    1e308,
    -1e308,
    5e-324,
  ),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

/** @param depth how many lists lie in each other */
export function deep(depth: number): unknown {
  return JSON.parse("[".repeat(depth) + "]".repeat(depth));
}

const large: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(deep(10), deep(40), deep(2_000)),
  fc.nat({ max: 3_000 }).map((length) => Array.from({ length }, () => "x")),
  fc.nat({ max: 1_000 }).map((length) => Object.fromEntries(Array.from({ length }, (_, at) => [`k${at}`, at]))),
);

const poison: fc.Arbitrary<unknown> = fc
  .constantFrom(
    '{"__proto__":{"admin":true}}',
    '{"constructor":{"prototype":{"admin":true}}}',
    '{"toString":1,"valueOf":1}',
    '{"toJSON":"x","then":"x","length":4294967295}',
  )
  .map((text): unknown => JSON.parse(text));

/** Any value at all, most often of the kind that somebody expects. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: hostileText },
  { weight: 3, arbitrary: hostileNumber },
  { weight: 2, arbitrary: fc.constantFrom<unknown>(null, true, false, [], {}, [[]], [null], [{}]) },
  { weight: 1, arbitrary: poison },
  { weight: 1, arbitrary: large },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 4, stringUnit: "binary" }) },
);

/** Members of an object that JSON.stringify would not write, as they stand in a frame. */
export const EXTRAS: readonly string[] = [
  '"later":"\\ud800"',
  '"\\udfff":1',
  '"__proto__":{"polluted":true}',
  '"number":1e400,"less":-1e400',
  '"toString":null,"hasOwnProperty":0',
  '"type":"join","type":"leave"',
];
