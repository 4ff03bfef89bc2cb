/** People with the browsers that are on this machine. */
import { spawnSync } from "node:child_process";
import { findChromium } from "../../scripts/chromium.js";
import { findFirefox } from "../../scripts/firefox.js";
import type { TcpProxy } from "../../test/support/tcp-proxy.js";
import { ChromiumPerson } from "./chromium-person.js";
import { FirefoxPerson } from "./firefox-person.js";
import type { BrowserName, Person } from "./person.js";

const PROGRAMS: Readonly<Record<BrowserName, () => string | undefined>> = {
  Chromium: findChromium,
  Firefox: findFirefox,
};
const PEOPLE = { Chromium: ChromiumPerson, Firefox: FirefoxPerson };

/** @param via a network between the page and the service that can be spoiled; media does not pass it */
export function openPerson(browser: BrowserName, url: string, via?: TcpProxy): Promise<Person> {
  return PEOPLE[browser].open(url, via);
}

/** The browsers that are there. */
export function browsersHere(): BrowserName[] {
  return (["Chromium", "Firefox"] as const).filter((name) => PROGRAMS[name]() !== undefined);
}

/** For example `Mozilla Firefox 153.8.0esr`. */
export function browserVersion(name: BrowserName): string {
  const { stdout } = spawnSync(PROGRAMS[name]() ?? "", ["--version"], { encoding: "utf8" });
  return /^[\w ]+ [\d.]+\w*/.exec(stdout ?? "")?.[0] ?? name;
}
