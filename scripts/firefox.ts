import { spawnSync } from "node:child_process";
import { findCommand } from "./system-packages.js";

/** The Firefox of the end-to-end tests: the one in `FIREFOX_BIN`, else the one of the system. */

const NAMES = ["firefox-esr", "firefox"];

/** Settings of a Firefox that has a fake camera and a fake microphone, asks nobody anything, and meets a service on loopback. */
export const FIREFOX_PREFS: Readonly<Record<string, boolean | number | string>> = {
  "media.navigator.streams.fake": true,
  "media.navigator.permission.disabled": true,
  "media.autoplay.default": 0,
  "media.peerconnection.ice.loopback": true,
  "media.peerconnection.ice.obfuscate_host_addresses": false,
  // A page that may not use the camera only tries the address of the default route.
  "permissions.default.camera": 1,
  "permissions.default.microphone": 1,
};

export function findFirefox(env: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  const named = env["FIREFOX_BIN"];
  if (named) return named;
  for (const name of NAMES) {
    const path = findCommand(name, env["PATH"]);
    if (path) return path;
  }
  return undefined;
}

/**
 * Why this Firefox does not start, or undefined when it says its version. Ubuntu's `firefox` package, for one, installs a program
 * that only asks to install a snap.
 */
export function firefoxProblem(path: string): string | undefined {
  const { status, signal, stdout, stderr, error } = spawnSync(path, ["--version"], {
    encoding: "utf8",
    timeout: 30_000,
  });
  if (status === 0 && stdout.includes("Firefox")) return undefined;
  const lastWords = `${stdout ?? ""}${stderr ?? ""}`.trim().split("\n").at(-1);
  return error?.message ?? (lastWords || `it ended with ${signal ?? `code ${status}`}`);
}
