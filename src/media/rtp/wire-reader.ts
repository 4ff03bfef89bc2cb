import { LastseenError } from "@lastseen/protocol";

/**
 * Reads JSON of unknown content field by field. Each function returns the value in its proper type or throws
 * `bad_message` naming the field.
 */

export type Fields = Readonly<Record<string, unknown>>;

export function fail(path: string, problem: string): never {
  throw new LastseenError("bad_message", `${path} ${problem}.`);
}

export function readObject(value: unknown, path: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) fail(path, "must be an object");
  return value as Fields;
}

export function readList<T>(
  value: unknown,
  path: string,
  size: { min: number; max: number },
  read: (item: unknown, path: string) => T,
): T[] {
  if (!Array.isArray(value)) fail(path, "must be a list");
  if (value.length < size.min || value.length > size.max) fail(path, `must have ${size.min} to ${size.max} entries`);
  return value.map((item: unknown, index) => read(item, `${path}[${index}]`));
}

export function readInteger(value: unknown, path: string, min: number, max: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < min || value > max) {
    fail(path, `must be an integer from ${min} to ${max}`);
  }
  return value;
}

export function readBoolean(value: unknown, path: string): boolean {
  if (typeof value !== "boolean") fail(path, "must be true or false");
  return value;
}

export function readText(value: unknown, path: string, pattern: RegExp): string {
  if (typeof value !== "string" || !pattern.test(value)) fail(path, "is not a valid text");
  return value;
}

export function readOneOf<const T extends string>(value: unknown, path: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) fail(path, `must be one of ${allowed.join(", ")}`);
  return found;
}

/** The field under its name if it is there, or nothing; for spreading into the object that is being built. */
export function optional<K extends string, T>(
  fields: Fields,
  path: string,
  key: K,
  read: (value: unknown, path: string) => T,
): { [P in K]?: T } {
  const value = fields[key];
  // Browsers and JSON writers disagree on whether an absent value is left out or null.
  if (value === undefined || value === null) return {};
  return { [key]: read(value, `${path}.${key}`) } as { [P in K]?: T };
}
