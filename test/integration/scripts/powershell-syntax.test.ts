import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { checkout, NO_POWERSHELL, powershell, powershellFile, run } from "./run-script.js";

/** Windows PowerShell 5.1 must be able to read the .ps1 files. PowerShell's own parser says whether it can. */

const scripts = readdirSync(checkout).filter((name) => name.endsWith(".ps1"));

const REFUSED = [
  "if ($a) { 1",
  '"unterminated',
  "$x = @{ a = 1; b = }",
  "$x = $a ? 1 : 2",
  "$a ?? 1",
  "$a ??= 1",
  "${a}?.b",
  "${a}?[0]",
  "docker info && docker ps",
  "docker info || docker ps",
  "docker ps &",
  "1..3 | ForEach-Object -Parallel { $_ }",
  '"`u{1F600}"',
  "0b101",
  "12n",
  "function f { begin { 1 } clean { 2 } }",
];

const READ = [
  '"a `n $(1 + 1)"',
  "$a = 10kb + 0x1F + 1.5d",
  "docker ps; if ($?) { 1 } else { 2 }",
  "class A { [int] $b }",
];

test("there are scripts to read", () => expect(scripts).toEqual(["health-check.ps1", "start-dev.ps1"]));

test.for(scripts)("%s is in ASCII: without a byte-order mark 5.1 takes a file for the machine's code page", (name) => {
  expect(readFileSync(`${checkout}${name}`).findIndex((byte) => byte > 0x7e)).toBe(-1);
});

test.for(scripts)("%s has the line ends that every system reads", (name) => {
  expect(readFileSync(`${checkout}.gitattributes`, "utf8")).toContain("* text=auto eol=lf");
  expect(readFileSync(`${checkout}${name}`).includes("\r")).toBe(false);
});

describe.skipIf(!powershell)(`what 5.1 reads${powershell ? "" : ` (${NO_POWERSHELL})`}`, () => {
  const problems = new Map<string, string[]>();

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), "lastseen-powershell-"));
    const sources = [...scripts.map((name) => readFileSync(`${checkout}${name}`, "utf8")), ...REFUSED, ...READ];
    const names = [...scripts, ...REFUSED, ...READ];
    writeFileSync(join(folder, "sources.json"), JSON.stringify(sources));
    const script = "test/integration/scripts/later-syntax.ps1";
    const args = [...powershellFile(script), "-SourcesFile", join(folder, "sources.json")];
    const { code, stdout, stderr } = await run(powershell ?? "", args);
    rmSync(folder, { recursive: true, force: true });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const answers = JSON.parse(stdout) as { problems: string[] }[];
    for (const [index, name] of names.entries()) problems.set(name, answers[index]?.problems ?? ["no answer"]);
  });

  test.for([...scripts, ...READ])("5.1 reads %s", (name) => {
    expect(problems.get(name)).toEqual([]);
  });

  test.for(REFUSED)("5.1 does not read %s", (name) => {
    expect(problems.get(name)).not.toEqual([]);
  });
});
