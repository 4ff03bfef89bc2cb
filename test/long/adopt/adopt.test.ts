/** Follows docs/adopt.md letter by letter, with packages from tarballs and Chromium, and kills a tab at the end. */
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noStageReason, openBrowser, openPage, type OpenPage } from "../../e2e/browsers.js";
import { Person } from "../../e2e/person.js";
import { onStage } from "../../e2e/stage.js";
import { PACKAGES, ROOT } from "../../integration/package/entry-points.js";
import { pack, type Tarball } from "../../integration/package/tarballs.js";
import { stepsOf, type Step } from "../../support/guide.js";
import { until } from "../../support/until.js";
import { Walk } from "./walk.js";

const CHAPTERS = stepsOf(readFileSync(join(ROOT, "docs/adopt.md"), "utf8"));
const PRODUCT = "A product to begin with";
const PHONES = "Calls between two users on phones";
/** npm downloads what its cache does not have. */
const LIMIT_MS = 400_000;

let folder: string;
const tarballs = new Map<string, Tarball>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lastseen-adopt-packages-"));
  for (const name of PACKAGES) tarballs.set(name, await pack(name, folder));
}, LIMIT_MS);

afterAll(() => rm(folder, { recursive: true, force: true }));

function chapter(title: string): Step[] {
  const steps = CHAPTERS.get(title);
  if (!steps) throw new Error(`docs/adopt.md has no chapter ${title}`);
  return steps;
}

const shownIn = (steps: readonly Step[]): string[] =>
  steps.flatMap((step) => (step.kind === "shown" ? step.lines : []));

/** Opens a page of the walk when its server answers. */
async function open(walk: Walk, user: string, how: () => Promise<OpenPage>): Promise<OpenPage> {
  const opened = await how();
  const address = walk.address(`http://localhost:3000/?user=${user}`);
  await until(async () => {
    const answers = await fetch(address).then(
      ({ ok }) => ok,
      () => false,
    );
    return answers;
  });
  await opened.page.goto(address);
  return opened;
}

async function killTab({ browser, page }: OpenPage): Promise<void> {
  await new Person("ben", browser, page).signalRenderers("SIGKILL");
}

const people = (page: Page): Promise<string[]> =>
  page.evaluate(() => document.querySelector("pre")?.textContent?.split("\n") ?? []);

describe.skipIf(noStageReason)(onStage("From an empty folder"), () => {
  test.each(["Fastify", "Express and Socket.IO", "Nest", "Media servers elsewhere"])(
    "%s: a tab is killed, the person leaves, and the worker has nothing of it",
    async (title) => {
      const walk = await Walk.begin(tarballs);
      await walk.follow(chapter(PRODUCT));
      await walk.follow(chapter(title));
      const ann = await open(walk, "ann", openPage);
      const ben = await open(walk, "ben", openBrowser);
      for (const { page } of [ann, ben]) await page.waitForFunction(() => document.title === "In the call");
      await expect.poll(() => people(ann.page), { timeout: 30_000 }).toEqual(["ann (present)", "ben (present)"]);
      await killTab(ben);
      await expect.poll(() => people(ann.page), { timeout: 30_000 }).toEqual(["ann (present)", "ben (away)"]);
      await expect.poll(() => people(ann.page), { timeout: 30_000 }).toEqual(["ann (present)"]);
      expect(shownIn(chapter(title))).not.toEqual([]);
      for (const line of shownIn(chapter(title)))
        await expect.poll(() => walk.output, { timeout: 30_000 }).toContain(line);
      expect(walk.output).not.toContain("unseen");
    },
    LIMIT_MS,
  );

  test(
    "phones: a phone is woken and answers, its tab is killed, and the call ends",
    async () => {
      const walk = await Walk.begin(tarballs);
      await walk.follow(chapter(PHONES));
      const ann = await open(walk, "ann", openPage);
      await until(() =>
        fetch(walk.address("http://localhost:3001/health/ready")).then(
          (answer) => answer.ok,
          () => false,
        ),
      );
      await ann.page.getByText("connected", { exact: true }).waitFor();
      await ann.page.click("#call");
      for (const line of shownIn(chapter(PHONES)))
        await expect.poll(() => walk.output, { timeout: 30_000 }).toContain(line);
      const ben = await open(walk, "ben", openBrowser);
      await ben.page.getByText("ringing: ann").waitFor();
      await ben.page.click("#answer");
      await ann.page.getByText("active: ben").waitFor();
      await ann.page.waitForFunction(() => (document.querySelector("audio")?.currentTime ?? 0) > 0);
      await killTab(ben);
      await ann.page.getByText("over: disconnected").waitFor();
    },
    LIMIT_MS,
  );
});
