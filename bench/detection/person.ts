/** People with a real browser of their own, and the demo page in it. */
import { spawnSync } from "node:child_process";
import { findChromium } from "../../scripts/chromium.js";
import { findFirefox } from "../../scripts/firefox.js";
import type { TcpProxy } from "../../test/support/tcp-proxy.js";
import { ChromiumPerson } from "./chromium-person.js";
import { FirefoxPerson } from "./firefox-person.js";

/** Somebody in the room who is about to go. */
export interface Leaver {
  prepare?(): Promise<void>;
  go(): unknown;
  /** Ends what is left of them. */
  close(): Promise<void>;
}

/** What all drivers of browsers can do with a page. */
interface DrivenPage {
  evaluate(run: () => unknown): Promise<unknown>;
  goto(url: string): Promise<unknown>;
  url(): string;
  close(): Promise<void>;
}

/** A browser of their own with the demo page in it. */
export interface Person extends Omit<Leaver, "go"> {
  readonly page: DrivenPage;
  /** Sends a signal to every process that runs pages. */
  signalPages(name: "SIGKILL" | "SIGSTOP"): void;
  /**
   * The page's script runs in an endless loop. Its thread gets the lowest priority, so that it does not take a core from the
   * other pages.
   */
  hang(): Promise<unknown>;
  killBrowser(): void;
}

export type BrowserName = "Chromium" | "Firefox";

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
