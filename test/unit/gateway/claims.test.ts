import { expect, test } from "vitest";
import { identityOf, LONGEST_LIFE_S } from "../../../src/gateway/authentication/claims.js";

const NOW_S = 1_800_000_000;
const RULES = { issuer: undefined, audience: undefined, toleranceS: 30 };
const good = { sub: "auth0|5f7c", exp: NOW_S + 600 };
const read = (claims: unknown, rules: Partial<typeof RULES> | object = {}) =>
  identityOf(claims, { ...RULES, ...rules }, NOW_S * 1000);

test("the claims name the user, the rooms and the end, which comes later by the tolerance", () => {
  expect(read({ ...good, name: "Ada", rooms: ["daily"] })).toEqual({
    userId: "auth0|5f7c",
    name: "Ada",
    rooms: ["daily"],
    calls: false,
    expiresAt: (NOW_S + 630) * 1000,
  });
});

test.each(["participant", "audience", undefined])("the claim `roomRole` may be %j", (roomRole) => {
  expect(read({ ...good, roomRole }).roomRole).toBe(roomRole);
});

test.each([null, "", "   "])("the name %j counts as none: the id stands in", (name) => {
  expect(read({ ...good, name }).name).toBe("auth0|5f7c");
});

test.each([
  [{ exp: NOW_S + 600 }, "The token's claim `sub` is missing; it must be the user's id."],
  [{ ...good, sub: 7 }, 'The token\'s claim `sub` is a number; it must be text, such as "42".'],
  [{ ...good, sub: null }, 'The token\'s claim `sub` is null; it must be text, such as "42".'],
  [{ ...good, sub: " ada" }, "The token's claim `sub` must not begin or end with white space."],
  [{ sub: "ada" }, "The token's claim `exp` is missing; it must be the second in which the token expires."],
  [{ ...good, exp: "600" }, "The token's claim `exp` is text; it must be a number of seconds since 1970."],
  [{ ...good, exp: 1e308 }, /^The token's claim `exp` is more than ten years away/],
  [{ ...good, exp: Infinity }, "The token's claim `exp` is too large."],
  [{ ...good, exp: -Infinity }, "The token's claim `exp` is too large."],
  [{ ...good, exp: -1e308 }, "The token has expired."],
  [{ ...good, exp: (NOW_S + 60) * 1000 }, /not milliseconds/],
  [{ ...good, exp: NOW_S - 30 }, "The token has expired."],
  [{ ...good, nbf: NOW_S + 31 }, "The token's claim `nbf` is in the future."],
  [{ ...good, nbf: null }, "The token's claim `nbf` is null; it must be a number of seconds since 1970."],
  [{ ...good, iat: NOW_S + 31 }, /^The token's claim `iat` is in the future/],
  [{ ...good, rooms: "daily" }, "The token's claim `rooms` is text; it must be a list of room ids."],
  [{ ...good, calls: "yes" }, "The token's claim `calls` is text; it must be true or false."],
  [{ ...good, roomRole: "guest" }, 'The token\'s claim `roomRole` must be "participant" or "audience".'],
  [{ ...good, rooms: [1] }, "The token's claim `rooms` has a room id that must be a string."],
  [[good], "The token's claims must be a JSON object."],
])("a refusal of %o names the claim and what is wrong with it", (claims, message) => {
  expect(() => read(claims)).toThrow(message);
});

test.each([{ exp: NOW_S - 29 }, { exp: NOW_S + LONGEST_LIFE_S }, { nbf: NOW_S + 30 }, { iat: NOW_S + 30 }])(
  "a claim within its bound is right: %o",
  (claims) => {
    expect(read({ ...good, ...claims }).userId).toBe("auth0|5f7c");
  },
);

test("issuer and audience must be right when they are set, and only then", () => {
  const rules = { issuer: "https://id.example/", audience: "calls" };
  expect(() => read(good, rules)).toThrow("The token's claim `iss` is missing.");
  expect(() => read({ ...good, iss: "https://evil.example/" }, rules)).toThrow("`iss` is not the one");
  const issued = { ...good, iss: "https://id.example/" };
  expect(() => read(issued, rules)).toThrow("The token's claim `aud` is missing.");
  expect(() => read({ ...issued, aud: ["other"] }, rules)).toThrow("`aud` does not have the value");
  for (const aud of ["calls", ["other", "calls"]]) expect(read({ ...issued, aud }, rules).userId).toBe(good.sub);
  expect(read({ ...issued, aud: "other" }).userId).toBe(good.sub);
});
