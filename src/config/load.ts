import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Value } from "typebox/value";
import { ENVIRONMENTS, Settings, type Environment } from "./schema.js";

/** The settings as the service uses them: checked, completed, frozen. */
export interface Config extends Readonly<
  Omit<Settings, "CORS_ORIGIN" | "SFU_WORKERS" | "NODE_ID"> & { SFU_WORKERS: number; NODE_ID: string }
> {
  readonly ENVIRONMENT: Environment;
  readonly ORIGINS: readonly string[];
}

/** All that is wrong with the configuration, one line each. The process exits with {@link ConfigError.exitCode}. */
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

/**
 * Reads `default.json`, `<LASTSEEN_ENV>.json` and the environment, each over the one before.
 *
 * @param directory where the JSON files are
 * @throws ConfigError with every problem at once
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>, directory: string): Config {
  const problems: string[] = [];
  const environment = readEnvironment(env["LASTSEEN_ENV"], problems);
  const merged: Record<string, unknown> = {
    ...readFile(join(directory, "default.json"), problems),
    ...readFile(join(directory, `${environment}.json`), problems),
    ...pickVariables(env),
  };
  const settings = Value.Convert(Settings, merged) as Settings;
  for (const error of Value.Errors(Settings, settings)) problems.push(describe(error));
  if (problems.length === 0) problems.push(...contradictions(settings, environment));
  if (problems.length > 0) throw new ConfigError(problems);
  return complete(settings, environment);
}

function readEnvironment(value: string | undefined, problems: string[]): Environment {
  const environment = ENVIRONMENTS.find((name) => name === (value ?? "development"));
  if (!environment) problems.push(`LASTSEEN_ENV must be one of ${ENVIRONMENTS.join(", ")}`);
  return environment ?? "development";
}

function readFile(path: string, problems: string[]): Record<string, unknown> {
  if (!existsSync(path)) {
    problems.push(`${path} is missing`);
    return {};
  }
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  } catch (error) {
    problems.push(`${path} is not JSON: ${error instanceof Error ? error.message : "unreadable"}`);
    return {};
  }
}

/** Variables of ours; an empty one counts as not set, so that compose files can pass optional ones through. */
function pickVariables(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const picked: Record<string, string> = {};
  for (const name of Object.keys(Settings.properties)) {
    const value = env[name];
    if (value !== undefined && value !== "") picked[name] = value;
  }
  return picked;
}

function describe(error: { instancePath: string; keyword: string; message: string; params: object }): string {
  const name = error.instancePath.slice(1);
  if (error.keyword === "required" && "requiredProperties" in error.params) {
    return `${String(error.params.requiredProperties)} is missing`;
  }
  if (error.keyword === "additionalProperties" && "additionalProperties" in error.params) {
    return `${String(error.params.additionalProperties)} is not a setting (in a file of config/)`;
  }
  if (error.keyword === "enum" && "allowedValues" in error.params) {
    return `${name} must be one of ${(error.params.allowedValues as string[]).join(", ")}`;
  }
  return `${name} ${error.message}`;
}

/** What each setting allows alone but not together. */
function contradictions(settings: Settings, environment: Environment): string[] {
  const problems: string[] = [];
  const require = (holds: boolean, problem: string) => {
    if (!holds) problems.push(problem);
  };
  require(settings.HEARTBEAT_INTERVAL_MS <
    settings.IDLE_TIMEOUT_MS, "IDLE_TIMEOUT_MS must be longer than HEARTBEAT_INTERVAL_MS, or live clients would be removed");
  require(settings.AWAY_AFTER_MS <= settings.IDLE_TIMEOUT_MS, "AWAY_AFTER_MS must not be longer than IDLE_TIMEOUT_MS");
  require(settings.AUTH_MODE !== "none" ||
    environment !== "production", "AUTH_MODE none is not allowed in production: set AUTH_MODE=jwt and JWT_SECRET");
  require(settings.AUTH_MODE !== "jwt" ||
    settings.JWT_SECRET !== undefined, "JWT_SECRET is needed with AUTH_MODE=jwt (at least 32 characters)");
  const any = settings.SFU_LISTEN_IP === "0.0.0.0" || settings.SFU_LISTEN_IP === "::";
  require(!any ||
    settings.SFU_ANNOUNCED_IP !== undefined ||
    settings.SFU_WORKERS ===
      0, `SFU_LISTEN_IP ${settings.SFU_LISTEN_IP} needs SFU_ANNOUNCED_IP, the address that clients reach`);
  require(settings.REDIS_URL === undefined, "REDIS_URL is set, but this version runs as a single node only: unset it");
  require(settings.WEBHOOK_URL ===
    undefined, "WEBHOOK_URL is set, but this version delivers no webhooks yet: unset it");
  for (const origin of origins(settings.CORS_ORIGIN)) {
    require(isOrigin(
      origin,
    ), `CORS_ORIGIN has ${JSON.stringify(origin)}, which is not an origin like https://app.example`);
  }
  return problems;
}

function complete(settings: Settings, environment: Environment): Config {
  const { CORS_ORIGIN, SFU_WORKERS, NODE_ID, ...rest } = settings;
  return Object.freeze({
    ...rest,
    ENVIRONMENT: environment,
    ORIGINS: Object.freeze(origins(CORS_ORIGIN)),
    SFU_WORKERS: SFU_WORKERS ?? Math.min(4, availableParallelism()),
    NODE_ID: NODE_ID ?? `node-${randomUUID().slice(0, 8)}`,
  });
}

function origins(list: string | undefined): string[] {
  return (list ?? "")
    .split(",")
    .map((origin) => origin.trim())
    .filter((origin) => origin !== "");
}

function isOrigin(text: string): boolean {
  try {
    return new URL(text).origin === text;
  } catch {
    return false;
  }
}
