import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { Language, Parser, type Node } from "web-tree-sitter";
import { checkout } from "./run-script.js";

/**
 * Windows PowerShell 5.1 must be able to read the .ps1 files, and most machines that run these tests have no PowerShell
 * at all: a grammar reads them instead. It knows the language of 5.1; of what came later only `&&` and `||` pass it.
 */

const grammar = fileURLToPath(import.meta.resolve("tree-sitter-powershell/tree-sitter-powershell.wasm"));
await Parser.init();
const parser = new Parser();
parser.setLanguage(await Language.load(grammar));

/** Line and text of what 5.1 would not take. */
function problemsOf(source: string): string[] {
  const root = parser.parse(source)?.rootNode;
  if (!root) return ["not parsed"];
  const problems: string[] = [];
  const visit = (node: Node): void => {
    if (node.isError || node.isMissing || node.type === "&&" || node.type === "||") {
      problems.push(`line ${node.startPosition.row + 1}: ${node.text.slice(0, 60)}`);
      return;
    }
    for (const child of node.children) if (child) visit(child);
  };
  visit(root);
  return problems;
}

const scripts = readdirSync(checkout).filter((name) => name.endsWith(".ps1"));

test("there are scripts to read", () => expect(scripts).toEqual(["health-check.ps1", "start-dev.ps1"]));

test.for(scripts)("%s is readable for Windows PowerShell 5.1", (name) => {
  const bytes = readFileSync(`${checkout}${name}`);
  // Without a byte-order mark 5.1 takes a file for the machine's code page.
  expect(bytes.findIndex((byte) => byte > 0x7e)).toBe(-1);
  expect(problemsOf(bytes.toString("latin1"))).toEqual([]);
});

test.for([
  "if ($a) { 1",
  '"unterminated',
  "$x = @{ a = 1; b = }",
  "$x = $a ? 1 : 2",
  "$a ?? 1",
  "${a}?.b",
  "docker info && docker ps",
])("what 5.1 does not take is noticed: %s", (source) => {
  expect(problemsOf(source)).not.toEqual([]);
});
