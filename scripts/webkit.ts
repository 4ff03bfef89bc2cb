import { spawnSync } from "node:child_process";
import { findCommand } from "./system-packages.js";

/** The WebKitGTK of the end-to-end tests: its driver, which starts the small browser of the library's package, and a screen. */

export interface WebKit {
  /** `WebKitWebDriver`. */
  driver: string;
  /** `Xvfb`: the browser does not start without a screen. */
  screen: string;
}

/** @returns undefined when one of the parts is missing */
export function findWebkit(path = process.env["PATH"]): WebKit | undefined {
  const [driver, screen] = [findCommand("WebKitWebDriver", path), findCommand("Xvfb", path)];
  return driver && screen ? { driver, screen } : undefined;
}

/** For example `WebKitGTK 2.50.6`. Only Debian's package tells the version without a screen. */
export function webkitVersion(): string {
  const { stdout } = spawnSync("dpkg-query", ["-W", "-f", "${Version}", "webkit2gtk-driver"], { encoding: "utf8" });
  const version = /\d+(?:\.\d+)+/.exec(stdout ?? "")?.[0];
  return version ? `WebKitGTK ${version}` : "WebKitGTK";
}
