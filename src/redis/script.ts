import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { isKeyName, type KeyName } from "./keys.js";

/** A Lua script that Redis runs, and the keys that it needs. */
export interface Script {
  readonly name: string;
  /** In the order of KEYS. */
  readonly keys: readonly KeyName[];
  readonly text: string;
  /** Redis finds a script that it has run before by this hash of the text. */
  readonly sha1: string;
}

const FOLDER = new URL("scripts/", import.meta.url);

/**
 * Reads a script of the folder `scripts`. Its first lines are its contract: its purpose, `KEYS`, `ARGV` and what it returns.
 * The caller passes the keys that the contract names, and the script finds them in the table `key` by their names.
 * `@include` puts a file of `scripts/include` in front of the script.
 *
 * @throws Error when the script does not exist, has no line `KEYS`, or names an unknown key
 */
export function loadScript(name: string): Script {
  const body = readFileSync(new URL(`${name}.lua`, FOLDER), "utf8");
  const keys = namesAfter("KEYS:", body);
  const unknown = keys.find((key) => !isKeyName(key));
  if (unknown !== undefined) throw new Error(`script ${name} names the unknown key ${unknown}`);
  const table = keys.map((key, n) => `["${key}"] = KEYS[${n + 1}]`).join(", ");
  const included = [...body.matchAll(/^-- @include (\S+)$/gm)].map(([, file]) =>
    readFileSync(new URL(`include/${file}.lua`, FOLDER), "utf8"),
  );
  const text = [`local key = { ${table} }`, ...included, body].map(withoutComments).join("\n");
  return { name, keys: keys.filter(isKeyName), text, sha1: createHash("sha1").update(text).digest("hex") };
}

/** Redis reads less, and hashes less where a call sends the text. */
function withoutComments(lua: string): string {
  return lua.replaceAll(/^\s*--.*\n/gm, "");
}

function namesAfter(label: string, body: string): string[] {
  const line = body.split("\n").find((each) => each.startsWith(`-- ${label}`));
  if (line === undefined) throw new Error(`a script's contract has no line "-- ${label}"`);
  return line
    .slice(`-- ${label}`.length)
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
}
