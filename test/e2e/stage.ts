import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { createWebServer } from "../../src/http/web-server.js";
import { freePort } from "../support/free-port.js";
import { startService, type TestService } from "../support/service.js";
import { TcpProxy } from "../support/tcp-proxy.js";
import type { Session } from "../../src/session/session.js";
import { until } from "../support/until.js";
import { noStageReason, openBrowser, openPage, type OpenPage } from "./browsers.js";
import { Person } from "./person.js";
import { UnwatchedPage } from "./unwatched-page.js";

export const WEB_ROOT = fileURLToPath(new URL("../../dist/web", import.meta.url));
/** The title of a test, with the reason when the test is skipped. */
export function onStage(title: string): string {
  return noStageReason === undefined ? title : `${title} (skipped: ${noStageReason})`;
}

/** Where and how somebody enters. */
export interface Entrance {
  /** The network between the page and the service; none if not given. */
  via?: TcpProxy | undefined;
  /** Runs in the page before the page's own code. */
  first?: () => void;
  /** Gives this person a browser that the test may stop or kill. */
  ownBrowser?: boolean;
  /** Gives this person a browser that lets the page use camera and microphone only while its user allows it: they are allowed. */
  asks?: boolean;
  /** Gives this person a browser whose user shares the tab with this title. */
  sharesTab?: string;
  /** The user id. Without it the page makes one. */
  user?: string;
  /** More settings of the demo page, such as `{ camera: "0" }`. */
  settings?: Record<string, string>;
}

/** The service with real workers, the demo page, and a page for each person: everything that a call needs. */
export interface Stage {
  service: TestService;
  /** Opens the demo page and joins. */
  enter(name: string, room: string, entrance?: Entrance): Promise<Person>;
  /** The address of the demo page that joins by itself, for somebody with another browser. */
  url(name: string, room: string, settings?: Record<string, string>): string;
  /** Like {@link enter}, in a page that can be frozen. Returns the session that the service opened for it. */
  enterUnwatched(name: string, room: string): Promise<{ page: UnwatchedPage; session: Session }>;
  /** A network to the service that a test can cut or silence. */
  network(): Promise<TcpProxy>;
}

export async function openStage(env: Record<string, string> = {}): Promise<Stage> {
  const webPort = await freePort();
  const proxiedPorts: number[] = [await freePort(), await freePort()];
  const origins = [webPort, ...proxiedPorts].map((port) => `http://127.0.0.1:${port}`).join(",");
  const service = await startService({ SFU_WORKERS: "1", CORS_ORIGIN: origins, ...env });
  await servePage(service, webPort, service.port);
  const pages = new Map<TcpProxy, number>();
  return {
    service,
    async network() {
      const proxy = await TcpProxy.start(service.port);
      onTestFinished(() => proxy.close());
      const port = proxiedPorts.pop();
      if (port === undefined) throw new Error("no more networks on this stage");
      await servePage(service, port, proxy.port);
      pages.set(proxy, port);
      return proxy;
    },
    async enter(name, room, { via, first, ownBrowser, user, settings, asks = false, sharesTab } = {}) {
      const port = via === undefined ? webPort : pages.get(via);
      const isAsked = asks || sharesTab !== undefined;
      const like = { asks, ...(sharesTab !== undefined && { sharesTab }) };
      const opened = await (ownBrowser || isAsked ? openBrowser(like) : openPage());
      const origin = `http://127.0.0.1:${port}`;
      if (isAsked) await opened.page.context().grantPermissions(["camera", "microphone"], { origin });
      if (first) await opened.page.addInitScript(first);
      return join(opened, address(port, name, room, user, settings), name);
    },
    url: (name, room, settings) => address(webPort, name, room, undefined, settings),
    async enterUnwatched(name, room) {
      const { browser } = await openBrowser();
      const page = await UnwatchedPage.open(browser, address(webPort, name, room));
      const find = () => [...service.app.registry.all()].find((session) => session.name === name);
      await until(() => find()?.participation?.media.counts().producers === 2);
      const session = find();
      if (!session) throw new Error(`${name} is gone already`);
      return { page, session };
    },
  };
}

/** Opens the demo page at an address that joins by itself, and waits until it is in the room. */
export async function join({ browser, page }: OpenPage, url: string, name: string): Promise<Person> {
  await page.goto(url);
  const person = new Person(name, browser, page);
  await person.joined();
  await person.listen();
  return person;
}

/** The address of the demo page that joins this room by itself. */
export function address(
  port: number | undefined,
  name: string,
  room: string,
  user?: string,
  settings: Record<string, string> = {},
): string {
  const more = { ...settings, ...(user === undefined ? {} : { user }) };
  return `http://127.0.0.1:${port}/?${new URLSearchParams({ room, name, autojoin: "1", ...more }).toString()}`;
}

async function servePage(service: TestService, port: number, servicePort: number): Promise<void> {
  const log = service.app.http.log;
  const web = await createWebServer({ log, root: WEB_ROOT, service: () => ({ serviceUrl: null, servicePort }) });
  onTestFinished(() => web.close());
  await web.listen({ port, host: "127.0.0.1" });
}
