import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../../..");

/** The packages that a changeset names, in its head: `"name": minor`. */
function namedIn(changeset: string): string[] {
  const [, head = ""] = changeset.split("---");
  return [...head.matchAll(/"([^"]+)":/g)].flatMap(([, name]) => name ?? []);
}

const packages = readdirSync(join(root, "packages")).map((folder) => {
  const manifest = readFileSync(join(root, "packages", folder, "package.json"), "utf8");
  return (JSON.parse(manifest) as { name: string }).name;
});
const changesets = readdirSync(join(root, ".changeset")).filter((name) => name.endsWith(".md") && name !== "README.md");

test("there are packages", () => {
  expect(packages).toContain("@lastseen/client");
});

test.each(changesets)("%s names packages of this repository: another name stops the release", (name) => {
  const named = namedIn(readFileSync(join(root, ".changeset", name), "utf8"));
  expect(named).not.toEqual([]);
  expect(packages).toEqual(expect.arrayContaining(named));
});
