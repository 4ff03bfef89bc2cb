import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { noStageReason, openBrowser, openPage, type OpenPage } from "../../e2e/browsers.js";
import { Person } from "../../e2e/person.js";
import { onStage } from "../../e2e/stage.js";
import { heldBy } from "../../integration/plugin/application.js";
import { agents, sessionAt } from "../../integration/agents/media-server.js";
import { freePort } from "../../support/free-port.js";
import { AGENT_TOKEN } from "../../support/secrets.js";
import { ServiceProcess } from "../../support/service-process.js";
import { until } from "../../support/until.js";
import { startProduct, type Product } from "./product/backend.js";

/** Someone in a call through the product. */
async function enter({ page }: OpenPage, product: Product, service: ServiceProcess, user: string): Promise<string> {
  await page.goto(`${product.url}/?user=${user}&lastseen=${encodeURIComponent(service.http)}`);
  await page.waitForFunction(() => window.state?.sessionId !== "");
  return page.evaluate(() => window.state.sessionId);
}

const people = (page: Page): Promise<string[]> => page.evaluate(() => window.state.people);

/** The ways to vanish, and by whom the page is meant. */
const WAYS: readonly [string, (open: OpenPage, person: Person) => Promise<void>][] = [
  ["closes its page", ({ page }) => page.close()],
  ["loses its page's process", (_open, person) => person.signalRenderers("SIGKILL")],
  ["loses its browser", async (_open, person) => void process.kill((await person.process()).pid, "SIGKILL")],
];

test.skipIf(noStageReason)(
  onStage(
    "a call through Express, Socket.IO and mediasoup, with Lastseen elsewhere: whoever vanishes leaves nothing behind",
  ),
  async () => {
    const port = await freePort();
    const service = await ServiceProcess.start({ AGENT_TOKEN, CORS_ORIGIN: `http://127.0.0.1:${port}` });
    const product = await startProduct(port, service.http);
    await until(async () => (await agents(service))[0]?.media?.workers === 1);
    const stayer = await openPage();
    const stayerId = await enter(stayer, product, service, "ben");

    for (const [index, [way, vanish]] of WAYS.entries()) {
      const user = `ann-${index}`;
      const open = await openBrowser();
      const sessionId = await enter(open, product, service, user);
      await until(async () => (await sessionAt(service, sessionId)).evidence.media === "connected");
      await until(async () => (await people(stayer.page)).includes(`${user} present`));
      const before = await stayer.page.evaluate(() => window.state.heard);
      await stayer.page.waitForFunction((heard) => window.state.heard > heard, before);
      await vanish(open, new Person(user, open.browser, open.page));
      await until(async () => (await people(stayer.page)).length === 1);
      const line = () => service.log.find(({ msg, sessionId: id }) => msg === "cleanup verified" && id === sessionId);
      await until(() => line() !== undefined);
      expect([way, line()?.["result"]]).toEqual([way, "clean"]);
    }

    expect((await sessionAt(service, stayerId)).evidence.media).toBe("connected");
    // What the one who stayed has: the worker's router, two transports and a producer, and no consumer of those who left.
    await until(async () => (await agents(service))[0]?.media?.consumers === 0);
    const [agent] = await agents(service);
    expect(agent?.media).toMatchObject({ transports: 2, producers: 1, consumers: 0 });
    expect((await heldBy(product.worker)).size).toBeLessThan(10);
  },
);
