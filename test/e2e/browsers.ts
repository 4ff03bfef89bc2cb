import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, onTestFinished } from "vitest";
import { CHROMIUM_ARGS, chromiumProblem, findChromium, UNLIKE_PEOPLE } from "../../scripts/chromium.js";
import { noMediaReason } from "../support/media-worker.js";
import { PATIENCE_MS } from "../support/until.js";

const browserPath = findChromium();
const browserProblem = browserPath === undefined ? "there is no Chromium" : chromiumProblem(browserPath);

/** Why the tests in this folder cannot run here; undefined when they can. */
export const noStageReason = browserProblem ?? noMediaReason;

/** A page that is open until the end of the test, with a storage of its own. */
export interface OpenPage {
  browser: Browser;
  page: Page;
}

/** The browser that all tests of one file share. It starts with the first page. */
let shared: Promise<Browser> | undefined;

afterAll(async () => (await shared)?.close());

/** Opens an empty page beside the pages of other people. Do not send signals to its browser. */
export async function openPage(): Promise<OpenPage> {
  shared ??= launch();
  return openIn(await shared);
}

/** What a browser of a test's own does as the browsers of people do. */
interface LikePeople {
  /** It asks its user before a page may use camera or microphone. No user is there, so a test has to allow them. */
  asks?: boolean;
  /** It has the devices of the machine. */
  realDevices?: boolean;
}

/** Opens an empty page in a browser of its own, whose processes a test may stop or kill. */
export async function openBrowser(like: LikePeople = {}): Promise<OpenPage> {
  const browser = await launch(like);
  onTestFinished(() => browser.close());
  return openIn(browser);
}

async function openIn(browser: Browser): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1100, height: 760 } });
  onTestFinished(() => context.close());
  context.setDefaultTimeout(PATIENCE_MS);
  return { browser, page: await context.newPage() };
}

/** Starts a Chromium with a fake camera and a fake microphone. */
function launch({ asks = false, realDevices = false }: LikePeople = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: browserPath ?? "",
    args: [
      ...CHROMIUM_ARGS.filter((arg) => arg !== "--headless"),
      ...(asks ? [] : ["--use-fake-ui-for-media-stream"]),
      // A camera of 1280x720. Half of its usual 20 frames per second cost half of the processor time.
      ...(realDevices ? [] : ["--use-fake-device-for-media-stream=fps=10"]),
      "--autoplay-policy=no-user-gesture-required",
    ],
    ignoreDefaultArgs: [...UNLIKE_PEOPLE],
  });
}
