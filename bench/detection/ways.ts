/** The ways to go that need no network namespace. */
import { TcpProxy } from "../../test/support/tcp-proxy.js";
import { UnwatchedPerson } from "./chromium-person.js";
import { openPerson } from "./open-person.js";
import type { BrowserName, Leaver, Person } from "./person.js";

export interface Way {
  id: string;
  how: string;
  /** By what the service knows. */
  told: string;
  /** What is promised, seconds; 0: at once. */
  atMost: number;
  /** Between one's going and the next one's, ms. */
  apartMs: number;
  /** How many go at the same time, where more would slow each other down. */
  atOnce?: number;
  /** Whether they are there without microphone and camera. */
  quiet?: true;
  /** Whether it depends on the page and its browser alone, so that it is also a way to go from another system. */
  anywhere?: true;
  /** The only browser that can go so; by default all can. */
  only?: BrowserName;
  /** @param service the server that the page belongs to */
  open(url: string, service: { readonly port: number }, browser: BrowserName): Promise<Leaver>;
}

type Go = (person: Person) => unknown;

const withPage =
  (go: Go): Way["open"] =>
  async (url, _service, browser) => {
    const person = await openPerson(browser, url);
    return { prepare: async () => person.prepare?.(), go: () => go(person), close: () => person.close() };
  };

const QUICK = { apartMs: 0 };
const GONE = { ...QUICK, anywhere: true, told: "close 1001 or the beacon", atMost: 5 } as const;
/** They differ by where in the interval between two sweeps they fall. */
const SILENT = { anywhere: true, apartMs: 10_000, atMost: 150 } as const;
const STOPPED = { anywhere: true, apartMs: 700, atMost: 32 } as const;

/** Each takes a minute at the most; one after the other. */
export const QUICK_WAYS: readonly Way[] = [
  {
    ...QUICK,
    id: "leave",
    how: "leaves the room",
    told: "`leave`",
    atMost: 0,
    open: withPage(({ page }) => page.evaluate(() => window.lastseen?.client.leave())),
  },
  {
    ...QUICK,
    id: "goodbye",
    how: "says goodbye",
    told: "`beforeDisconnect`",
    atMost: 0,
    open: withPage(({ page }) => page.evaluate(() => window.lastseen?.client.disconnect())),
  },
  { ...GONE, id: "tab", how: "closes the tab", open: withPage(({ page }) => page.close()) },
  {
    ...GONE,
    id: "navigation",
    how: "goes to another page",
    open: withPage(({ page }) => page.goto("about:blank")),
  },
  { ...GONE, id: "crash", how: "page crashes", open: withPage((person) => person.signalPages("SIGKILL")) },
  {
    ...GONE,
    id: "cache",
    how: "goes into the back/forward cache",
    quiet: true,
    open: withPage(({ page }) => page.goto(new URL("icon.svg", page.url()).href)),
  },
  { ...GONE, id: "kill", how: "browser is killed", open: withPage((person) => person.killBrowser()) },
  {
    ...QUICK,
    id: "reset",
    how: "socket is reset, media goes on",
    told: "close 1006",
    atMost: 20,
    async open(url, service, browser) {
      const network = await TcpProxy.start(service.port);
      const person = await openPerson(browser, url, network);
      return {
        go: () => network.cut(),
        async close() {
          await person.close();
          await network.close();
        },
      };
    },
  },
  {
    ...STOPPED,
    id: "stop",
    how: "page's process is stopped",
    told: "silent media, probe not answered",
    open: withPage((person) => person.signalPages("SIGSTOP")),
  },
];

/** Each takes minutes. */
export const SLOW_WAYS: readonly Way[] = [
  {
    ...SILENT,
    id: "stop-quiet",
    how: "page's process is stopped, without media",
    told: "probe not answered",
    quiet: true,
    open: withPage((person) => person.signalPages("SIGSTOP")),
  },
  {
    ...SILENT,
    id: "hang",
    how: "page's script hangs, media goes on",
    told: "probe not answered",
    // Each uses a whole core for as long as it hangs.
    atOnce: 2,
    open: withPage((person) => person.hang()),
  },
  {
    ...SILENT,
    id: "freeze",
    how: "page is frozen, media goes on",
    told: "the page says so",
    // WebDriver BiDi cannot freeze a page.
    only: "Chromium",
    open: (url) => UnwatchedPerson.open(url),
  },
];
