import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const documents = [
  ...markdownIn(".", false),
  ...["docs", "packages", "examples", "test", "config"].flatMap((folder) => markdownIn(folder, true)),
];
/** Shorter lines may be alike by chance. */
const LONG_LINE = 70;
/** The line below the head of a table, which says nothing. */
const RULE = /^[|: -]+$/;

function markdownIn(folder: string, recursive: boolean): string[] {
  const paths = readdirSync(`${root}${folder}`, { encoding: "utf8", recursive });
  return paths
    .filter((path) => path.endsWith(".md") && !path.includes("node_modules"))
    .map((path) => `${folder}/${path}`);
}

/** Lines that stand in the text more than once. */
function repeated(text: string, isMeant: (line: string) => boolean): string[] {
  const lines = text.split("\n").filter(isMeant);
  return [...new Set(lines.filter((line, index) => lines.indexOf(line) !== index))];
}

test.each(documents)("%s says nothing twice: no chapter and no long line", (path) => {
  const text = readFileSync(`${root}${path}`, "utf8");
  expect(repeated(text, (line) => line.startsWith("## ") || (line.length > LONG_LINE && !RULE.test(line)))).toEqual([]);
});
