import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { documentedRights } from "../../support/redis-rights.js";

const SCRIPTS = "src/redis/scripts";
/** Only a cluster needs these, and Redis 6.2 does not know them. */
const IN_CLUSTER = ["cluster", "ssubscribe", "spublish"];
/** What the service sends outside scripts: see `src/redis/clients.ts`, `link.ts` and `subscriber.ts`. */
const OUTSIDE_SCRIPTS = ["eval", "evalsha", "info", "subscribe"];

test("docs/redis-store.md names the right to every command that the service's scripts use, and no other", () => {
  const texts = readdirSync(SCRIPTS, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".lua"))
    .map((name) => readFileSync(`${SCRIPTS}/${name}`, "utf8"));
  const used = texts.flatMap((text) =>
    [...text.matchAll(/redis\.p?call\("(\w+)"/g)].map(([, name = ""]) => name.toLowerCase()),
  );
  const named = documentedRights().flatMap((right) => /^\+(\w+)$/.exec(right)?.[1] ?? []);
  const everywhere = [...new Set([...used, ...OUTSIDE_SCRIPTS])].filter((name) => !IN_CLUSTER.includes(name));
  expect(named.toSorted()).toEqual(everywhere.toSorted());
  for (const name of IN_CLUSTER)
    expect(readFileSync("docs/redis-store.md", "utf8")).toMatch(new RegExp(`[\`+ ]\\+${name}\\b`));
});
