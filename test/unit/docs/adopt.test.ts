/** What docs/adopt.md says can be carried out; test/long/adopt does carry it out. */
import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { importsOf } from "../../../scripts/boundaries/imports-of.js";
import { stepsOf, type Step } from "../../support/guide.js";

const CHAPTERS = stepsOf(readFileSync(fileURLToPath(new URL("../../../docs/adopt.md", import.meta.url)), "utf8"));
const PRODUCT = "A product to begin with";
const PHONES = "Calls between two users on phones";
const WALKS = ["Fastify", "Express and Socket.IO", "Nest", "Media servers elsewhere", PHONES];

/** Everything that the reader of a walk does. */
const stepsFor = (walk: string): Step[] => [
  ...(walk === PHONES ? [] : (CHAPTERS.get(PRODUCT) ?? [])),
  ...(CHAPTERS.get(walk) ?? []),
];
const packageOf = (specifier: string): string =>
  specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");

describe.each(WALKS)("the walk %s", (walk) => {
  const steps = stepsFor(walk);
  const files = new Map(steps.flatMap((step) => (step.kind === "file" ? [[step.path, step.text] as const] : [])));
  const commands = steps.flatMap((step) => ("commands" in step ? [step.commands] : [])).join("\n");

  test("installs each package that its files import", () => {
    const installed = new Set(
      [...commands.matchAll(/^npm install (.*)$/gm)].flatMap(([, words = ""]) =>
        words.split(" ").map((word) => word.replace(/(?<=.)@[\d.]+$/, "")),
      ),
    );
    const imported = [...files].flatMap(([path, text]) => (/\.(js|ts)$/.test(path) ? [...importsOf(path, text)] : []));
    const packages = imported.filter((name) => !name.startsWith(".") && !name.startsWith("node:"));
    expect(packages.length).toBeGreaterThan(0);
    const missing = packages.map(packageOf).filter((name) => !installed.has(name) && !builtinModules.includes(name));
    expect(missing).toEqual([]);
  });

  test("writes each file of its own that it imports, starts or bundles", () => {
    const own = [...commands.matchAll(/(?:node(?: --env-file=\.env)?|esbuild) ((?:browser\/)?\w+\.js)/g)].map(
      ([, path = ""]) => path,
    );
    expect(own.length).toBeGreaterThan(0);
    expect(own.filter((path) => !files.has(path))).toEqual([]);
  });

  test("starts something, and says what is to be seen", () => {
    expect(steps.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["run", "file", "start", "shown"]));
  });
});
