import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const dist = (path: string): string => fileURLToPath(new URL(`../../../dist/${path}`, import.meta.url));

test.each(["web", "ops"])("every file that the built page in %s names was built with it", (page) => {
  const html = readFileSync(dist(`${page}/index.html`), "utf8");
  const named = Array.from(html.matchAll(/(?:href|src)="([^"#]+)"/g), ([, file]) => file);
  expect(named).toEqual(expect.arrayContaining(["icon.svg", "style.css", "main.js"]));
  for (const file of named) expect(existsSync(dist(`${page}/${file}`)), file).toBe(true);
});
