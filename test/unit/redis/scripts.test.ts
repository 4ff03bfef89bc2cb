import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { KEY_PURPOSES, Keys } from "../../../src/redis/keys.js";
import { loadScript } from "../../../src/redis/script.js";

const FOLDER = new URL("../../../src/redis/scripts/", import.meta.url);
const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".lua"))
  .map((file) => file.slice(0, -".lua".length));

const keysIn = (lua: string) => {
  const direct = [...lua.matchAll(/key\["([a-z-]+)"\]/g)];
  const byIndex = [...lua.matchAll(/(?:own|disown|owned|ownedAfter|countOwned)\("([a-z-]+)"/g)];
  return [...direct, ...byIndex].map(([, name = ""]) => name);
};

test("there are scripts", () => {
  expect(names.length).toBeGreaterThan(10);
});

describe.each(names)("the script %s", (name) => {
  const body = readFileSync(new URL(`${name}.lua`, FOLDER), "utf8");

  test("has a contract: its purpose, KEYS, ARGV, and what it returns", () => {
    expect(body).toMatch(/^-- [A-Z].*\n(-- .*\n|--\n)*-- KEYS: .*\n(-- ARGV:.*\n)?-- Returns /);
  });

  test("gets every key that its own lines use", () => {
    const { keys } = loadScript(name);
    expect(keys).toEqual([...new Set(keys)]);
    expect(keysIn(body).filter((key) => !keys.some((given) => given === key))).toEqual([]);
  });

  test("reads as many arguments as its contract lists", () => {
    const [, listed = ""] = /^-- ARGV:(.*)$/m.exec(body) ?? [];
    // A list with "for each" has no fixed number of arguments.
    if (/for each/.test(listed)) return;
    const read = [...body.matchAll(/ARGV\[(\d+)\]/g)].map(([, n]) => Number(n));
    // Words in brackets explain an argument and can contain commas.
    const words = listed.replaceAll(/\(.*?\)/g, "").replaceAll(/"[^"]*" or "[^"]*"/g, "x");
    expect(Math.max(0, ...read)).toBe(words.split(",").filter((word) => word.trim() !== "").length);
  });

  test("does not ask Redis for keys by a pattern", () => {
    expect(loadScript(name).text).not.toMatch(/"(SCAN|KEYS|HSCAN|ZSCAN|SSCAN)"/i);
  });
});

test("all keys of a service are in one slot of a cluster", () => {
  const keys = new Keys("shop");
  for (const name of Object.keys(KEY_PURPOSES))
    expect(keys.key(name as keyof typeof KEY_PURPOSES)).toContain(":{all}:");
});

test.each(["", "a b", "{x}", "ä"])("the prefix %j is refused", (prefix) => {
  expect(() => new Keys(prefix)).toThrow(/prefix/);
});
