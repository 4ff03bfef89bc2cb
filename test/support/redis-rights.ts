import { readFileSync } from "node:fs";

const DOCUMENT = new URL("../../docs/redis-store.md", import.meta.url);

/** The rights in Redis that docs/redis-store.md names, for example `["~lastseen:{all}:*", "-@all", "+get"]`. */
export function documentedRights(): string[] {
  const rule = /^ {4}user lastseen on >… (.+\n(?: {6}.+\n)*)/m.exec(readFileSync(DOCUMENT, "utf8"))?.[1];
  if (rule === undefined) throw new Error("docs/redis-store.md has no rule for the user");
  return rule.trim().split(/\s+/);
}
