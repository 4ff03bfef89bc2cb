import { cpuMs, residentBytes } from "./usage.js";

/** Two measurements of a quiet service differ by so much. */
const NOISE_MS = 5;

/** Prints what a test measured, so that two builds can be compared. docs/security.md has such figures. */
export function figure(attack: string, values: Readonly<Record<string, number | string>>): void {
  const list = Object.entries(values).map(
    ([name, value]) => `${name} ${typeof value === "number" ? short(value) : value}`,
  );
  process.stdout.write(`figure: ${attack}: ${list.join(", ")}\n`);
}

/** The processor time that a process uses while something happens, milliseconds. */
export async function cpuDuring({ pid }: { pid: number }, action: () => Promise<unknown>): Promise<number> {
  const before = cpuMs(pid);
  await action();
  return cpuMs(pid) - before;
}

/** How much more memory a process has after something happened, bytes; at least one page. */
export async function growthDuring({ pid }: { pid: number }, action: () => Promise<unknown>): Promise<number> {
  const before = residentBytes(pid);
  await action();
  return Math.max(4_096, residentBytes(pid) - before);
}

function short(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}

/**
 * How many times longer something takes under attack. On a machine that does other work too, a few milliseconds more or less
 * say nothing: less than `NOISE_MS` counts as that.
 */
export function timesSlower(attackedMs: number, quietMs: number): number {
  return attackedMs / Math.max(quietMs, NOISE_MS);
}
