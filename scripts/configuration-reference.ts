/**
 * Makes `docs/configuration.md` from the settings' schema and from the defaults in `config/*.json`, so that the reference
 * says what the service does. `npm run docs` writes it; a test fails when it was not run.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { format, resolveConfig } from "prettier";
import { CHAPTERS, ENVIRONMENTS, Settings } from "../src/config/schema.js";
import type { SettingNotes } from "../src/config/setting-kinds.js";

export const TARGET = fileURLToPath(new URL("../docs/configuration.md", import.meta.url));

/** The part of JSON schema that the settings use. */
interface Shape extends Partial<SettingNotes> {
  type?: string;
  enum?: readonly string[];
  minimum?: number;
  maximum?: number;
  minLength?: number;
}

type Defaults = Readonly<Record<string, string | number>>;

const INTRODUCTION = `# Configuration

<!-- Written by \`npm run docs\` from src/config/schema.ts and config/*.json; do not edit. -->

Each setting has a default. Environment variables replace defaults:

1. \`config/default.json\` holds the defaults.
2. \`config/<LASTSEEN_ENV>.json\` replaces some of them for one environment.
3. A variable of the process's environment replaces both. An empty variable counts as not set.

\`LASTSEEN_ENV\` is \`development\`, \`production\` or \`test\`. Without it, \`NODE_ENV=production\` means \`production\`, and anything else
means \`development\`. In an environment that nobody chose, the service listens only on this machine: it refuses to start with another
\`HOST\` than a loopback address.

At the start the service checks all settings. If something is wrong, it lists every problem at once and exits with code 78. Settings
never change while the service runs. Only the contents of files for Redis are read again; see
[redis-store.md](redis-store.md#rotation-without-a-restart).

- A name that ends in \`_MS\` is a duration in milliseconds.
- **Secret** marks a value that nobody may read. The service does not log it and does not repeat it in a message.

## Secrets

Each secret may also be given as a file: \`ADMIN_TOKEN_FILE=/run/secrets/admin_token\` instead of \`ADMIN_TOKEN\`. White space at the end of
the file does not count. If both are given, or if the file is missing, empty, larger than 16 KiB or not UTF-8, the service does not start.

\`openssl rand -hex 32\` makes a good secret. In PowerShell:

\`\`\`powershell
$b = [byte[]]::new(32); [Security.Cryptography.RandomNumberGenerator]::Create().GetBytes($b); -join ($b | % { '{0:x2}' -f $_ })
\`\`\`

| a secret that | production | development, test |
| --- | --- | --- |
| has quotes around it, white space at an end, a line end or a control character | refused | refused |
| is a bearer token and has other characters than ASCII, which no header carries | refused | refused |
| is too short (the tables below) | refused | refused |
| is easy to guess: fewer than five different characters, \`abcdef…\`, one piece again and again | refused | a log line at \`warn\` |
`;

function readDefaults(name: string): Defaults {
  const path = fileURLToPath(new URL(`../config/${name}.json`, import.meta.url));
  return JSON.parse(readFileSync(path, "utf8")) as Defaults;
}

export function configurationReference(): Promise<string> {
  const common = readDefaults("default");
  const overlays = ENVIRONMENTS.map((name) => ({ name, values: readDefaults(name) }));
  const chapters = CHAPTERS.flatMap(({ title, settings }) => [
    `## ${title}`,
    ["| variable | values | default | meaning |", "| --- | --- | --- | --- |"]
      .concat(Object.entries(settings).map(([name, schema]) => row(name, schema as Shape, common, overlays)))
      .join("\n"),
  ]);
  return resolveConfig(TARGET).then((style) =>
    format([INTRODUCTION, ...chapters].join("\n\n"), { ...style, parser: "markdown" }),
  );
}

function row(
  name: string,
  schema: Shape,
  common: Defaults,
  overlays: readonly { name: string; values: Defaults }[],
): string {
  const { description, unset, secret } = schema;
  if (description === undefined) throw new Error(`${name} has no description`);
  const isOptional = !(Settings.required as readonly string[]).includes(name);
  if (isOptional !== (unset !== undefined)) throw new Error(`${name} must say what happens while it is not set`);
  const own = overlays.flatMap(({ name: environment, values }) => {
    const value = values[name];
    return value === undefined ? [] : [`${show(value)} in ${environment}`];
  });
  const usual = common[name] === undefined ? `not set: ${unset}` : show(common[name]);
  const meaning = secret ? `${description} **Secret**, also as \`${name}_FILE\`.` : description;
  return `| \`${name}\` | ${allowed(schema)} | ${[usual, ...own].join("; ")} | ${meaning} |`;
}

function show(value: string | number): string {
  return String(value)
    .split(",")
    .map((part) => `\`${part}\``)
    .join(", ");
}

function allowed({ type, enum: values, minimum, maximum, minLength = 1, forms, unit }: Shape): string {
  if (values) return values.map((value) => `\`${value}\``).join(", ");
  if (type === "integer") return `${minimum} to ${maximum}${unit === "ms" ? " ms" : ""}`;
  return forms ?? (minLength > 1 ? `${minLength} or more characters` : "text");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  writeFileSync(TARGET, await configurationReference());
}
