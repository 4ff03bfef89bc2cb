import type { Page } from "puppeteer-core";
import { afterAll, onTestFinished } from "vitest";
import { findFirefox, firefoxProblem } from "../../scripts/firefox.js";
import { Firefox, type FirefoxExtras } from "../support/firefox.js";
import { PATIENCE_MS } from "../support/until.js";
import { noStageReason } from "./browsers.js";
import { Participant } from "./participant.js";

const program = findFirefox();

/** Why the tests with Firefox cannot run here; undefined when they can. The others in the room use Chromium. */
export const noFirefoxReason =
  (program === undefined ? "there is no Firefox" : firefoxProblem(program)) ?? noStageReason;

/** The title of a test, with the reason when the test is skipped. */
export function inFirefox(title: string): string {
  return noFirefoxReason === undefined ? title : `${title} (skipped: ${noFirefoxReason})`;
}

/** The browser that the tests of one file share. It starts with the first page. */
let shared: Promise<Firefox> | undefined;

afterAll(async () => (await shared)?.close());

/** Somebody in a call: a page of Firefox with a storage of its own. */
export class FirefoxPerson extends Participant {
  readonly firefox: Firefox;
  readonly page: Page;

  private constructor(name: string, firefox: Firefox, page: Page) {
    super(name, {
      evaluate: async (run, text = "") => page.evaluate(run, text),
      // By default puppeteer asks before each picture, and a hidden page draws none.
      holds: async (run) => {
        await page.waitForFunction(run, { polling: 100, timeout: PATIENCE_MS });
      },
    });
    this.firefox = firefox;
    this.page = page;
  }

  /** Opens an address that joins by itself, in the browser that all tests of one file share. @param first runs in the page first */
  static async enter(name: string, url: string, first?: () => void): Promise<FirefoxPerson> {
    shared ??= Firefox.launch(program);
    const firefox = await shared;
    return FirefoxPerson.#enterIn(firefox, name, url, first);
  }

  /** Like {@link enter}, in a browser of its own, whose processes a test may stop or kill. @param prefs further settings of it */
  static async enterAlone(
    name: string,
    url: string,
    prefs?: Record<string, unknown>,
    extras?: FirefoxExtras,
  ): Promise<FirefoxPerson> {
    const firefox = await Firefox.launch(program, prefs, extras);
    onTestFinished(() => firefox.close());
    return FirefoxPerson.#enterIn(firefox, name, url);
  }

  static async #enterIn(firefox: Firefox, name: string, url: string, first?: () => void): Promise<FirefoxPerson> {
    const page = await firefox.newPage(first);
    page.setDefaultTimeout(PATIENCE_MS);
    const person = new FirefoxPerson(name, firefox, page);
    await page.goto(url);
    await person.joined();
    await person.listen();
    return person;
  }
}
