import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { TSchema } from "typebox";
import { Value } from "typebox/value";
import { contradictions } from "./contradictions.js";
import { problemOfUnchosenHost, readEnvironment } from "./environment.js";
import { listOf } from "./lists.js";
import { originsOfPage } from "./origins.js";
import { Settings, type Environment } from "./schema.js";
import type { SettingNotes } from "./setting-kinds.js";
import { GOOD_SECRET, whyUnusable, whyWeak } from "./secret-faults.js";
import { readSecretFiles } from "./secret-files.js";

/** The settings as the service uses them: checked, complete and frozen. */
export interface Config extends Readonly<
  Omit<Settings, "CORS_ORIGIN" | "SFU_WORKERS" | "NODE_ID"> & { SFU_WORKERS: number; NODE_ID: string }
> {
  readonly ENVIRONMENT: Environment;
  readonly ORIGINS: readonly string[];
  /** The paths of the secrets that were given as files, by the names of their settings. */
  readonly SECRET_FILES: Readonly<Record<string, string>>;
  /** What is allowed in this environment but not in production, one line each. */
  readonly WARNINGS: readonly string[];
}

/** All problems of the configuration, one line each. The process exits with {@link ConfigError.exitCode}. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** `EX_CONFIG` of sysexits.h. */
  static readonly exitCode = 78;
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`The configuration has ${problems.length} problem(s):\n${problems.map((line) => `  - ${line}`).join("\n")}`);
    this.problems = problems;
  }
}

type Variables = Readonly<Record<string, string | undefined>>;
/** The part of a setting's schema that this file reads; see `schema.ts`. */
type SettingSchema = TSchema & Pick<Partial<SettingNotes>, "forms" | "secret"> & { type?: unknown };
const SCHEMAS = new Map<string, SettingSchema>(Object.entries(Settings.properties));

/**
 * Reads `default.json`, then `<LASTSEEN_ENV>.json`, then the environment, with the files of secrets that it names. A later
 * value replaces an earlier one. Without `LASTSEEN_ENV` see {@link readEnvironment}.
 *
 * @param directory where the JSON files are
 * @throws ConfigError with every problem at once
 */
export function loadConfig(env: Variables, directory: string): Config {
  const problems: string[] = [];
  const { environment, isChosen } = readEnvironment(env, problems);
  const secrets = readSecretFiles(env, problems);
  const merged = { ...readFiles(directory, environment, problems), ...pickVariables(env), ...secrets.values };
  const problem = isChosen ? undefined : problemOfUnchosenHost(merged["HOST"]);
  if (problem !== undefined) problems.push(problem);
  return finish(merged, environment, problems, { passedOver: secrets.failed, files: secrets.paths });
}

/**
 * Like {@link loadConfig}, for settings that are given as values.
 *
 * @param values settings by their names; they replace all others. An undefined value counts as not given
 * @param options `env`: replaces values of the files, as the process's environment would; `passedOver`: settings that the
 *   caller does not use, so that no combination with them is wrong
 * @throws ConfigError with every problem at once
 */
export function configOf(
  values: Readonly<Record<string, unknown>>,
  directory: string,
  options: { environment: Environment; env?: Variables | undefined; passedOver?: Iterable<keyof Settings> },
): Config {
  const problems: string[] = [];
  const { environment, env = {}, passedOver = [] } = options;
  const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
  const secrets = readSecretFiles(env, problems);
  const merged = { ...readFiles(directory, environment, problems), ...pickVariables(env), ...secrets.values, ...given };
  const files = Object.fromEntries(Object.entries(secrets.paths).filter(([name]) => !(name in given)));
  return finish(merged, environment, problems, { passedOver: [...passedOver, ...secrets.failed], files });
}

function readFiles(directory: string, environment: Environment, problems: string[]): Record<string, unknown> {
  return {
    ...readFile(join(directory, "default.json"), problems),
    ...readFile(join(directory, `${environment}.json`), problems),
  };
}

function finish(
  merged: Record<string, unknown>,
  environment: Environment,
  problems: string[],
  { passedOver, files }: { passedOver: Iterable<string>; files: Readonly<Record<string, string>> },
): Config {
  const wrong = new Set([...check(merged, problems), ...passedOver]);
  const settings = merged as Settings;
  problems.push(...contradictions(settings, environment, wrong));
  const weak = weakSecrets(merged, wrong);
  if (environment === "production") problems.push(...weak);
  if (problems.length > 0) throw new ConfigError(problems);
  return complete(settings, environment, files, [...weak, ...unusedSecrets(settings)]);
}

function readFile(path: string, problems: string[]): Record<string, unknown> {
  try {
    const content: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof content === "object" && content !== null && !Array.isArray(content)) return { ...content };
    problems.push(`${path} must hold a JSON object`);
  } catch (error) {
    problems.push(`${path} cannot be read: ${error instanceof Error ? error.message : "unknown error"}`);
  }
  return {};
}

/** The variables that are settings. An empty one counts as not set, so that compose files can pass optional ones on. */
function pickVariables(env: Variables): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const [name, { type }] of SCHEMAS) {
    const value = env[name];
    if (value === undefined || value === "") continue;
    // Only digits make a number: 1e3, 0x10 or true is more likely a mistake.
    picked[name] = type === "integer" && /^\s*-?\d+\s*$/.test(value) ? Number(value) : value;
  }
  return picked;
}

/** Adds the problems of single settings to `problems`, and returns the names of the settings that are wrong. */
function check(settings: Readonly<Record<string, unknown>>, problems: string[]): ReadonlySet<string> {
  const wrong = new Set<string>();
  const required: readonly string[] = Settings.required;
  for (const [name, schema] of SCHEMAS) {
    const value = settings[name];
    if (value === undefined && !required.includes(name)) continue;
    const problem = value === undefined ? "is missing" : explain(schema, value);
    if (problem === undefined) continue;
    wrong.add(name);
    problems.push(`${name} ${problem}`);
  }
  for (const name of Object.keys(settings)) {
    if (!SCHEMAS.has(name)) problems.push(`${name} is not a setting (in a file of config/ or given as a value)`);
  }
  return wrong;
}

/** Somebody who sets these believes that tokens are checked. */
function unusedSecrets({ AUTH_MODE, JWT_SECRET, JWT_JWKS_URL }: Settings): string[] {
  if (AUTH_MODE !== "none") return [];
  const given = Object.entries({ JWT_SECRET, JWT_JWKS_URL }).filter(([, value]) => value !== undefined);
  return given.map(
    ([name]) => `${name} is not used, because AUTH_MODE is none and everybody is let in; set AUTH_MODE=jwt`,
  );
}

/** The secrets that are easy to guess, one line each. */
function weakSecrets(settings: Readonly<Record<string, unknown>>, wrong: ReadonlySet<string>): string[] {
  return [...SCHEMAS].flatMap(([name, { secret }]) => {
    const value = settings[name];
    if (secret === undefined || typeof value !== "string" || wrong.has(name)) return [];
    const problem = whyWeak(value, secret);
    return problem === undefined ? [] : [`${name} is easy to guess, because it ${problem}; ${GOOD_SECRET}`];
  });
}

/** A message repeats so many characters of a wrong value. */
const SHOWN_LENGTH = 40;

/** What is wrong with a value. The words repeat it only where it should be a number: any other may be a secret. */
function explain(schema: SettingSchema, value: unknown): string | undefined {
  const { secret } = schema;
  const unusable = secret !== undefined && typeof value === "string" ? whyUnusable(value, secret) : undefined;
  if (unusable !== undefined) return unusable;
  const [error] = Value.Errors(schema, value);
  if (!error) return undefined;
  if (error.keyword === "type" && schema.type === "integer") {
    return `must be a whole number, not ${JSON.stringify(value).slice(0, SHOWN_LENGTH)}`;
  }
  if (error.keyword === "pattern" && schema.forms !== undefined) return `must be ${schema.forms}`;
  if (error.keyword === "enum") return `must be one of ${(error.params.allowedValues as string[]).join(", ")}`;
  if (error.keyword === "minLength" && secret !== undefined) {
    return `must have at least ${error.params.limit} characters; ${GOOD_SECRET}`;
  }
  return error.message;
}

function complete(
  settings: Settings,
  environment: Environment,
  files: Readonly<Record<string, string>>,
  warnings: readonly string[],
): Config {
  const { CORS_ORIGIN, SFU_WORKERS, NODE_ID, ...rest } = settings;
  return Object.freeze({
    ...rest,
    ENVIRONMENT: environment,
    ORIGINS: Object.freeze(CORS_ORIGIN === undefined ? originsOfPage(rest.WEB_PORT) : listOf(CORS_ORIGIN)),
    SECRET_FILES: Object.freeze(files),
    WARNINGS: Object.freeze(warnings),
    SFU_WORKERS: SFU_WORKERS ?? Math.min(4, availableParallelism()),
    NODE_ID: NODE_ID ?? `node-${randomUUID().slice(0, 8)}`,
  });
}
