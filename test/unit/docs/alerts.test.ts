import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const read = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), "utf8");
const rules = read("config/prometheus/rules/alerts.yml");
const doc = read("docs/alerts.md");

/** Each alert as its name, severity and how long it has to hold, in the words of the document. */
function fromRules(): string[][] {
  return rules
    .split(/^ +- alert: /m)
    .slice(1)
    .map((rule) => {
      const minutes = /^ +for: (\d+)m$/m.exec(rule)?.[1];
      const severity = /severity: (\w+)/.exec(rule)?.[1] ?? "none";
      return [/^\w+/.exec(rule)?.[0] ?? "", severity, minutes === undefined ? "at once" : `for ${minutes} min`];
    });
}

function fromDocument(): string[][] {
  const rows = [...doc.matchAll(/^\| `(\w+)` +\| [*_]+(\w+)[*_]+ +\| ([^|]+)\|/gm)];
  return rows.map(([, name = "", severity = "", when = ""]) => [
    name,
    severity,
    /, (for \d+ min) *$/.exec(when)?.[1] ?? "at once",
  ]);
}

test("docs/alerts.md has a row for every alert, with its severity and duration, in the order of the rules", () => {
  expect(fromRules().length).toBeGreaterThan(20);
  expect(fromDocument()).toEqual(fromRules());
});
