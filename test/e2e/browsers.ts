import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Browser, type LaunchOptions, type Page } from "playwright-core";
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

/** Chromium's number for "not allowed". */
const BLOCK = 2;

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
  /** Its user shares the tab with this title. It asks, too: the browser chooses no tab where it asks nobody. */
  sharesTab?: string;
}

/** Opens an empty page in a browser of its own, whose processes a test may stop or kill. */
export async function openBrowser(like: LikePeople = {}): Promise<OpenPage> {
  const browser = await launch(like);
  onTestFinished(() => browser.close());
  return openIn(browser);
}

/**
 * Opens an empty page in a browser of its own whose user blocks site data: the page gets an error when it uses storage, locks or a
 * channel between tabs.
 */
export async function openWithoutSiteData(): Promise<Page> {
  const profile = await mkdtemp(join(tmpdir(), "lastseen-profile-"));
  onTestFinished(() => rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }));
  await mkdir(join(profile, "Default"));
  const preferences = { profile: { default_content_setting_values: { cookies: BLOCK } } };
  await writeFile(join(profile, "Default/Preferences"), JSON.stringify(preferences));
  const context = await chromium.launchPersistentContext(profile, launchOptions({}));
  onTestFinished(() => context.close());
  context.setDefaultTimeout(PATIENCE_MS);
  return context.newPage();
}

async function openIn(browser: Browser): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1100, height: 760 } });
  onTestFinished(() => context.close());
  context.setDefaultTimeout(PATIENCE_MS);
  return { browser, page: await context.newPage() };
}

/** Starts a Chromium with a fake camera and a fake microphone. */
function launch(like: LikePeople = {}): Promise<Browser> {
  return chromium.launch(launchOptions(like));
}

function launchOptions({ asks = false, realDevices = false, sharesTab }: LikePeople): LaunchOptions {
  return {
    executablePath: browserPath ?? "",
    args: [
      ...CHROMIUM_ARGS.filter((arg) => arg !== "--headless"),
      ...(asks || sharesTab !== undefined ? [] : ["--use-fake-ui-for-media-stream"]),
      // A camera of 1280x720. Half of its usual 20 frames per second cost half of the processor time.
      ...(sharesTab === undefined ? [] : [`--auto-select-tab-capture-source-by-title=${sharesTab}`]),
      ...(realDevices ? [] : ["--use-fake-device-for-media-stream=fps=10"]),
      "--autoplay-policy=no-user-gesture-required",
    ],
    ignoreDefaultArgs: [...UNLIKE_PEOPLE],
  };
}
