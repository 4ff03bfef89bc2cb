import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { boundaries } from "../../../scripts/boundaries/allow-list.js";

const document = readFileSync(fileURLToPath(new URL("../../../docs/architecture.md", import.meta.url)), "utf8");

const ours = (entry: string): boolean => /^(src|packages|@lastseen)\//.test(entry);
const quoted = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);

/** The document's word for the folders that almost every other folder may import. */
const CORE = ["src/kernel", "src/ports", "@lastseen/protocol"];
const importsIn = (cell: string): string[] => [...(/\bcore\b/.test(cell) ? CORE : []), ...quoted(cell)];

/** Each folder of the document's table, with what it may import of this repository. */
function fromDocument(): [folder: string, imports: string[]][] {
  const section = document.split("## Who may import what")[1] ?? "";
  return [...section.matchAll(/^\| (`[^|]+)\|([^|]+)\|$/gm)].flatMap(([, folders = "", imports = ""]) =>
    quoted(folders).map((folder): [string, string[]] => [folder, importsIn(imports).toSorted()]),
  );
}

test("the table of imports in docs/architecture.md says what the allow-list says, for every folder", () => {
  const allowed = Object.entries(boundaries.allowed).map(([folder, entries]) => [
    folder,
    entries.filter(ours).toSorted(),
  ]);
  expect(Object.fromEntries(fromDocument())).toEqual(Object.fromEntries(allowed));
});
