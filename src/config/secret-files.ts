import { closeSync, openSync, readSync } from "node:fs";
import { secretNames } from "./schema.js";

/** Real secrets have less than a kilobyte. */
const LARGEST_BYTES = 16_384;

/** What the files of secrets gave. */
export interface SecretFiles {
  /** The secrets by the names of their settings. */
  readonly values: Readonly<Record<string, string>>;
  /** The paths of the files, by the names of the settings. */
  readonly paths: Readonly<Record<string, string>>;
  /** The settings whose file gave no secret. */
  readonly failed: ReadonlySet<string>;
}

/**
 * Reads the secrets that are given as files: `ADMIN_TOKEN_FILE=/run/secrets/admin` instead of `ADMIN_TOKEN`. White space at the
 * end of a file does not count. An empty variable counts as not set.
 *
 * @param problems gets a line for each file that gives no secret, with the name of the setting and the path
 */
export function readSecretFiles(env: Readonly<Record<string, string | undefined>>, problems: string[]): SecretFiles {
  const values: Record<string, string> = {};
  const paths: Record<string, string> = {};
  const failed = new Set<string>();
  for (const name of secretNames()) {
    const path = env[`${name}_FILE`];
    if (!path) continue;
    try {
      if (env[name]) throw new Error(`and ${name} are both given; remove one of them`);
      values[name] = readSecretFile(path);
      paths[name] = path;
    } catch (error) {
      failed.add(name);
      problems.push(
        `${name}_FILE ${JSON.stringify(path)} ${error instanceof Error ? error.message : "cannot be read"}`,
      );
    }
  }
  return { values, paths, failed };
}

/**
 * Reads one secret. White space at its end does not count.
 *
 * @throws Error that says what is wrong with the file
 */
export function readSecretFile(path: string): string {
  const bytes = firstBytes(path);
  if (bytes.length > LARGEST_BYTES)
    throw new Error(`has more than ${LARGEST_BYTES} bytes; it must hold only the secret`);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes).trimEnd();
  } catch (cause) {
    throw new Error("is not UTF-8 text; write it again, in PowerShell with Set-Content -Encoding ascii", { cause });
  }
  if (text === "") throw new Error("is empty; it must hold the secret");
  return text;
}

/** At most one byte more than is allowed, because a path can also name a device that never ends. */
function firstBytes(path: string): Buffer {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    const bytes = Buffer.alloc(LARGEST_BYTES + 1);
    let length = 0;
    for (let more = -1; more !== 0 && length < bytes.length; length += more) {
      more = readSync(file, bytes, length, bytes.length - length, null);
    }
    return bytes.subarray(0, length);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : "unknown error";
    throw new Error(`cannot be read: ${reason}`, { cause });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
