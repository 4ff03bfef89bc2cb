import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findCommand } from "./system-packages.js";

/** The browser of the end-to-end tests: the one in `CHROMIUM_BIN`, else a Chromium or Chrome of the system. */

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/** Arguments for a Chromium that renders nothing on a screen, asks nobody anything, and may run as root. */
export const CHROMIUM_ARGS: readonly string[] = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** What Playwright adds by default so that tests run evenly. The browsers of people throttle, freeze and cache pages. */
export const UNLIKE_PEOPLE: readonly string[] = [
  "--disable-back-forward-cache",
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
];

export function findChromium(env: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  const named = env["CHROMIUM_BIN"];
  if (named) return named;
  for (const name of NAMES) {
    const path = findCommand(name, env["PATH"]);
    if (path) return path;
  }
  return undefined;
}

/**
 * Why this Chromium does not start, or undefined when it renders an empty page. Ubuntu's `chromium-browser` package, for
 * one, installs a program that only asks to install a snap.
 */
export function chromiumProblem(path: string): string | undefined {
  const profile = mkdtempSync(join(tmpdir(), "lastseen-chromium-"));
  try {
    const { status, signal, stdout, stderr, error } = spawnSync(
      path,
      [...CHROMIUM_ARGS, `--user-data-dir=${profile}`, "--dump-dom", "data:text/html,<p>ready"],
      { encoding: "utf8", timeout: 30_000, killSignal: "SIGKILL" },
    );
    if (stdout?.includes("<p>ready")) return undefined;
    const lastWords = (stderr ?? "").trim().split("\n").at(-1);
    return error?.message ?? (lastWords || `it ended with ${signal ?? `code ${status}`}`);
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}
