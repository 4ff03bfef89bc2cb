import { onTestFinished } from "vitest";
import { findWebkit } from "../../scripts/webkit.js";
import { until } from "../support/until.js";
import { WebKitBrowser } from "../support/webkit.js";
import { noStageReason } from "./browsers.js";
import { Participant } from "./participant.js";

/** Why the tests with WebKitGTK cannot run here; undefined when they can. The others in the room use Chromium. */
export const noWebkitReason = findWebkit() ? noStageReason : "there is no WebKitWebDriver or no Xvfb";

/** The title of a test, with the reason when the test is skipped. */
export function inWebkit(title: string): string {
  return noWebkitReason === undefined ? title : `${title} (skipped: ${noWebkitReason})`;
}

/** Somebody in a room with a WebKitGTK of their own. It has no WebRTC, so they hear and see nobody. */
export class WebKitPerson extends Participant {
  readonly browser: WebKitBrowser;

  private constructor(name: string, browser: WebKitBrowser) {
    super(name, {
      evaluate: (run, text) => browser.evaluate(run, text),
      holds: (run) => until(async () => Boolean(await browser.evaluate(run))),
    });
    this.browser = browser;
  }

  /** Opens an address that joins by itself. */
  static async enter(name: string, url: string): Promise<WebKitPerson> {
    const browser = await WebKitBrowser.start();
    onTestFinished(() => browser.close());
    await browser.goto(url);
    const person = new WebKitPerson(name, browser);
    await person.joined();
    await person.listen();
    return person;
  }
}
