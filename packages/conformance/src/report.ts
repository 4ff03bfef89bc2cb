import type { Verdict } from "./judge.js";

/** One verdict for people. */
export function describeVerdict({ name, asks, fault, output, seconds }: Verdict): string {
  if (fault === undefined) return `ok      ${name}: ${asks} (${seconds.toFixed(1)} s)`;
  const lines = [`FAILED  ${name}: ${asks}`, ...fault.split("\n").map((line) => `        ${line}`)];
  if (output) lines.push("        The last that the program wrote:", ...indent(output));
  return lines.join("\n");
}

function indent(output: string): string[] {
  return output
    .trimEnd()
    .split("\n")
    .slice(-10)
    .map((line) => `        | ${line}`);
}

/** The verdicts as JUnit's XML, which CI systems read. */
export function junit(verdicts: readonly Verdict[]): string {
  const failures = verdicts.filter(({ fault }) => fault !== undefined).length;
  const seconds = verdicts.reduce((sum, verdict) => sum + verdict.seconds, 0);
  const head = `name="lastseen-conformance" tests="${verdicts.length}" failures="${failures}" errors="0" time="${seconds.toFixed(3)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    "<testsuites>",
    `  <testsuite ${head}>`,
    ...verdicts.map(testCase),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function testCase({ name, asks, fault, output, seconds }: Verdict): string {
  const head = `    <testcase classname="lastseen-conformance" name="${escape(name)}" time="${seconds.toFixed(3)}"`;
  if (fault === undefined) return `${head}/>`;
  const failure = `      <failure message="${escape(fault)}">${escape(`${asks}\n${fault}`)}</failure>`;
  const written = output ? `\n      <system-out>${escape(output)}</system-out>` : "";
  return `${head}>\n${failure}${written}\n    </testcase>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\n": "&#10;",
};

/** Without characters that XML cannot carry. */
function escape(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are what XML forbids
  const forbidden = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
  return text.replaceAll(forbidden, "").replace(/[&<>"\n]/g, (found) => ENTITIES[found] ?? "");
}
