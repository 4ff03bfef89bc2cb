/**
 * What GitHub, Renovate and dev containers accept in their files, as JSON schemas. No npm package brings their own schemas
 * and runs on Node.js 20, so these are written by hand after the documentation of each tool. They cover the fields that this
 * repository uses. An unknown field is an error: add a field here when a file needs it.
 */
const text = { type: "string", minLength: 1 } as const;
const texts = { type: "array", items: text, minItems: 1 } as const;
const minutes = { type: "integer", minimum: 1, maximum: 360 } as const;
const flag = { type: "boolean" } as const;

function object<T extends object>(properties: T, required: readonly (keyof T)[] = []) {
  return { type: "object", properties, required, additionalProperties: false } as const;
}
function mapOf<T extends object>(values: T) {
  return { type: "object", additionalProperties: values } as const;
}

/** A variable or an input of a step. YAML reads some of them as numbers or booleans. */
const scalar = { type: ["string", "number", "boolean"] } as const;
const branches = { anyOf: [{ type: "null" }, object({ branches: texts, paths: texts })] } as const;
const permission = { enum: ["read", "write", "none"] } as const;
const permissions = object({ contents: permission, "pull-requests": permission, "id-token": permission });

const step = {
  ...object({
    name: text,
    id: text,
    if: text,
    // A version that a reader can see: no branch and no bare major version.
    uses: { type: "string", pattern: "^[\\w-]+/[\\w./-]+@v\\d+\\.\\d+\\.\\d+$" },
    with: mapOf(scalar),
    run: text,
    env: mapOf(scalar),
    "working-directory": text,
  }),
  oneOf: [{ required: ["uses"] }, { required: ["run"] }],
} as const;

const job = object(
  {
    name: text,
    if: text,
    needs: texts,
    "runs-on": text,
    "timeout-minutes": minutes,
    permissions,
    env: mapOf(scalar),
    strategy: object({ "fail-fast": flag, matrix: mapOf({ type: "array", items: scalar, minItems: 1 }) }, ["matrix"]),
    steps: { type: "array", items: step, minItems: 1 },
  },
  ["runs-on", "timeout-minutes", "steps"],
);

/** https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax */
export const workflow = object(
  {
    name: text,
    on: object({ push: branches, pull_request: branches }),
    permissions,
    concurrency: object({ group: text, "cancel-in-progress": flag }, ["group"]),
    jobs: mapOf(job),
  },
  ["name", "on", "permissions", "jobs"],
);

const validations = object({ required: flag });
const common = { label: text, description: text } as const;
function field<T extends object>(type: string, attributes: T, required: readonly (keyof T)[]) {
  const id = { type: "string", pattern: "^[a-zA-Z0-9_-]+$" };
  return object({ type: { const: type }, id, attributes: object(attributes, required), validations }, [
    "type",
    "attributes",
  ]);
}

/** https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-githubs-form-schema */
export const issueForm = object(
  {
    name: text,
    description: text,
    title: text,
    labels: texts,
    body: {
      type: "array",
      minItems: 1,
      items: {
        oneOf: [
          object({ type: { const: "markdown" }, attributes: object({ value: text }, ["value"]) }, [
            "type",
            "attributes",
          ]),
          field("textarea", { ...common, placeholder: text, value: text, render: text }, ["label"]),
          field("input", { ...common, placeholder: text, value: text }, ["label"]),
          field("dropdown", { ...common, options: texts, multiple: flag, default: { type: "integer", minimum: 0 } }, [
            "label",
            "options",
          ]),
        ],
      },
    },
  },
  ["name", "description", "body"],
);

/** The same page, "Configuring the template chooser". */
export const issueChooser = object({
  blank_issues_enabled: flag,
  contact_links: {
    type: "array",
    items: object({ name: text, url: text, about: text }, ["name", "url", "about"]),
  },
});

/** https://docs.renovatebot.com/configuration-options/ */
export const renovate = object(
  {
    $schema: text,
    extends: texts,
    schedule: texts,
    timezone: text,
    minimumReleaseAge: { type: "string", pattern: "^\\d+ (days?|weeks?)$" },
    prConcurrentLimit: { type: "integer", minimum: 0 },
    lockFileMaintenance: object({ enabled: flag, schedule: texts }),
    packageRules: {
      type: "array",
      items: object({
        description: text,
        matchPackageNames: texts,
        matchDepTypes: texts,
        matchUpdateTypes: { type: "array", items: { enum: ["major", "minor", "patch", "pin", "digest"] } },
        groupName: { type: ["string", "null"] },
        enabled: flag,
      }),
    },
  },
  ["$schema", "extends"],
);

/** https://containers.dev/implementors/json_reference/ */
export const devContainer = object(
  {
    name: text,
    image: { type: "string", pattern: "^[\\w./-]+:[\\w.-]+$" },
    postCreateCommand: text,
    forwardPorts: { type: "array", items: { type: "integer", minimum: 1, maximum: 65_535 } },
    portsAttributes: {
      type: "object",
      patternProperties: { "^\\d+$": object({ label: text }) },
      additionalProperties: false,
    },
  },
  ["image"],
);
