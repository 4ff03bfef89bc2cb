import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { devContainer, issueChooser, issueForm, renovate, workflow } from "./schemas.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const ajv = new Ajv({ allowUnionTypes: true, strictRequired: false, strictTuples: false, allErrors: true });

/** YAML 1.2 has all of JSON in it. */
function read(path: string): unknown {
  return parse(readFileSync(join(ROOT, path), "utf8"));
}

/** @returns what the schema does not accept, each with its place; empty if it accepts all of it */
function problems(schema: object, value: unknown): string[] {
  const validate = ajv.compile(schema);
  validate(value);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const changesets = read("node_modules/@changesets/config/schema.json") as object;
const files = (folder: string): string[] =>
  readdirSync(join(ROOT, folder))
    .sort()
    .map((name) => `${folder}/${name}`);
const CHECKED: [path: string, schema: object][] = [
  ...files(".github/workflows").map((path): [string, object] => [path, workflow]),
  ...files(".github/ISSUE_TEMPLATE").map((path): [string, object] => [
    path,
    basename(path) === "config.yml" ? issueChooser : issueForm,
  ]),
  ["renovate.json", renovate],
  [".devcontainer/devcontainer.json", devContainer],
  [".changeset/config.json", changesets],
];

test.each(CHECKED)("%s has only fields and values that its tool accepts", (path, schema) => {
  expect(problems(schema, read(path))).toEqual([]);
});

test("every workflow and every issue form is checked", () => {
  const names = CHECKED.map(([path]) => basename(path));
  expect(names).toEqual(expect.arrayContaining(["ci.yml", "release.yml", "bug.yml", "idea.yml", "config.yml"]));
});

describe("a mistake is noticed", () => {
  const job = { "runs-on": "ubuntu-24.04", "timeout-minutes": 5, steps: [{ run: "true" }] };
  const right = { name: "w", on: { push: null }, permissions: {}, jobs: { a: job } };

  test.each([
    ["a misspelled field of a job", workflow, { ...right, jobs: { a: { ...job, "run-on": "x" } } }],
    ["a step that runs nothing", workflow, { ...right, jobs: { a: { ...job, steps: [{ name: "x" }] } } }],
    [
      "an action without a full version",
      workflow,
      { ...right, jobs: { a: { ...job, steps: [{ uses: "a/b@main" }] } } },
    ],
    ["a job without a time limit", workflow, { ...right, jobs: { a: { "runs-on": "x", steps: job.steps } } }],
    [
      "a field of a form without a label",
      issueForm,
      { name: "n", description: "d", body: [{ type: "input", attributes: {} }] },
    ],
    ["a misspelled setting of Renovate", renovate, { $schema: "s", extends: ["x"], shedule: ["y"] }],
    ["a port that does not exist", devContainer, { image: "a:1", forwardPorts: [70_000] }],
    ["an access that npm does not know", changesets, { access: "everybody" }],
  ])("%s", (_mistake, schema, value) => {
    expect(problems(schema, value)).not.toEqual([]);
  });

  test("and the same workflow without a mistake is accepted", () => {
    expect(problems(workflow, right)).toEqual([]);
  });
});
