/** Reads answers of the service without trusting their shape: a field that is missing or of another type becomes empty. */

export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): Fields {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries<unknown>(Object.entries(value));
}

export function text(fields: Fields, key: string): string {
  const value = fields[key];
  return typeof value === "string" ? value : "";
}

export function textOrNull(fields: Fields, key: string): string | null {
  return text(fields, key) || null;
}

export function number(fields: Fields, key: string): number {
  return numberOrNull(fields, key) ?? 0;
}

export function numberOrNull(fields: Fields, key: string): number | null {
  const value = fields[key];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

export function list<T>(fields: Fields, key: string, read: (item: Fields) => T): T[] {
  const value = fields[key];
  return Array.isArray(value) ? value.map((item: unknown) => read(fieldsOf(item))) : [];
}

export function texts(fields: Fields, key: string): string[] {
  const value = fields[key];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}
