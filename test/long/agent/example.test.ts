/**
 * `examples/express-socketio`, a product of Express, Socket.IO and mediasoup, with Lastseen elsewhere: a service without media, and an
 * agent in the process of the product. People see each other in Chromium.
 */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { noStageReason, openBrowser, openPage, type OpenPage } from "../../e2e/browsers.js";
import { Person } from "../../e2e/person.js";
import { onStage } from "../../e2e/stage.js";
import { agents, sessionAt } from "../../integration/agents/media-server.js";
import { freePort } from "../../support/free-port.js";
import { AGENT_TOKEN } from "../../support/secrets.js";
import { ServiceProcess } from "../../support/service-process.js";
import { until } from "../../support/until.js";
import { ExampleProcess } from "./example-process.js";

/** What one person of this product sends and receives when two are in the call: two transports, sound and picture. */
const ALONE = { transports: 2, producers: 2, consumers: 0 };
const TOGETHER = { transports: 4, producers: 4, consumers: 4 };

async function start() {
  const port = await freePort();
  const service = await ServiceProcess.start({ AGENT_TOKEN, CORS_ORIGIN: `http://localhost:${port}` });
  const product = await ExampleProcess.start(port, service.http);
  await until(async () => (await agents(service))[0]?.media?.workers === 1);
  return { port, service, product };
}

/** Someone in the call. */
async function enter(
  { page }: OpenPage,
  product: ExampleProcess,
  service: ServiceProcess,
  user: string,
): Promise<string> {
  await page.goto(`${product.url}/?user=${user}`);
  let sessionId = "";
  await until(async () => {
    const answer = await fetch(`${service.http}/api/sessions?userId=${user}`);
    const { sessions } = (await answer.json()) as { sessions: { id: string; evidence: { media: string } }[] };
    sessionId = sessions[0]?.id ?? "";
    return sessions[0]?.evidence.media === "connected";
  });
  return sessionId;
}

/** Waits until the page shows a moving picture of somebody. */
async function sees(page: Page, user: string): Promise<void> {
  const picture = (name: string): number => {
    const video = document.querySelector<HTMLVideoElement>(`[data-user="${name}"] video`);
    return video && video.videoWidth > 0 ? video.getVideoPlaybackQuality().totalVideoFrames : 0;
  };
  await until(async () => (await page.evaluate(picture, user)) > 0);
  const before = await page.evaluate(picture, user);
  await until(async () => (await page.evaluate(picture, user)) > before + 5);
}

const tiles = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("[data-user]")].map((tile) => tile.dataset["user"] ?? ""),
  );

const mediaOf = async (service: ServiceProcess) =>
  (await agents(service)).find(({ state }) => state === "connected")?.media;

/** What the log says of a session beside its beginning. */
const troubleOf = ({ log }: ServiceProcess, sessionId: string): string[] =>
  log.flatMap(({ sessionId: id, msg }) => (id === sessionId && /away|ghost|left|ended|cleanup/.test(msg) ? [msg] : []));

/** The ways to vanish. */
const WAYS: readonly [string, (open: OpenPage, person: Person) => Promise<void>][] = [
  ["closes its page", ({ page }) => page.close()],
  ["loses its tab's process", (_open, person) => person.signalRenderers("SIGKILL")],
  ["loses its browser", async (_open, person) => void process.kill((await person.process()).pid, "SIGKILL")],
];

test.skipIf(noStageReason)(
  onStage("whoever vanishes from a video call leaves nothing behind, and those who stay notice only that"),
  async () => {
    const { service, product } = await start();
    const stayer = await openPage();
    const stayerId = await enter(stayer, product, service, "ben");
    for (const [index, [way, vanish]] of WAYS.entries()) {
      const user = `ann${index}`;
      const open = await openBrowser();
      const sessionId = await enter(open, product, service, user);
      await sees(stayer.page, user);
      await sees(open.page, "ben");
      await expect.poll(() => mediaOf(service), { timeout: 20_000 }).toMatchObject(TOGETHER);
      await vanish(open, new Person(user, open.browser, open.page));
      await expect.poll(() => tiles(stayer.page), { timeout: 60_000 }).toEqual(["ben"]);
      const line = () => service.log.find(({ msg, sessionId: id }) => msg === "cleanup verified" && id === sessionId);
      await until(() => line() !== undefined);
      expect([way, line()?.["result"]]).toEqual([way, "clean"]);
      await expect.poll(() => mediaOf(service), { timeout: 20_000 }).toMatchObject(ALONE);
    }
    expect(troubleOf(service, stayerId)).toEqual([]);
  },
);

test.skipIf(noStageReason)(
  onStage("an agent that is stopped, and one that is killed and started again, costs nobody, and nothing stays open"),
  async () => {
    const { port, service, product } = await start();
    const [ben, ann] = [await openPage(), await openBrowser()];
    const ids = [await enter(ben, product, service, "ben"), await enter(ann, product, service, "ann")];
    await sees(ben.page, "ann");
    await sees(ann.page, "ben");

    // Stopped: Socket.IO, the signalling and the agent stand still. The worker goes on.
    product.signal("SIGSTOP");
    await until(async () => (await agents(service))[0]?.state === "away");
    product.signal("SIGCONT");
    for (const id of ids) await until(async () => (await sessionAt(service, id)).evidence.media === "connected");
    await sees(ben.page, "ann");

    // Killed: the media of both is gone with the process. Lastseen keeps them, and their pages begin anew with the next process.
    await product.kill();
    await until(async () => (await agents(service))[0]?.state === "away");
    await ExampleProcess.start(port, service.http);
    for (const id of ids) await until(async () => (await sessionAt(service, id)).evidence.media === "connected");
    await sees(ben.page, "ann");
    await sees(ann.page, "ben");
    await expect.poll(() => mediaOf(service), { timeout: 20_000 }).toMatchObject(TOGETHER);
    for (const id of ids) expect(troubleOf(service, id)).toEqual([]);

    await ann.page.close();
    await expect.poll(() => tiles(ben.page), { timeout: 60_000 }).toEqual(["ben"]);
    await ben.page.close();
    await expect
      .poll(() => mediaOf(service), { timeout: 60_000 })
      .toMatchObject({ transports: 0, producers: 0, consumers: 0, unowned: 0 });
    // Nobody has seen how the media of the killed process ended, so no cleanup is called clean.
    const ends = () => ids.map((id) => troubleOf(service, id).filter((msg) => msg.startsWith("cleanup")));
    await expect.poll(ends, { timeout: 60_000 }).toEqual([["cleanup unseen"], ["cleanup unseen"]]);
  },
);
