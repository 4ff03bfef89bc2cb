/** The ways to go that need no network namespace. */
import { TcpProxy } from "../../test/support/tcp-proxy.js";
import { Person, UnwatchedPerson } from "./person.js";
import type { MeasuredService } from "./service.js";

/** Somebody in the room who is about to go. */
export interface Leaver {
  prepare?(): Promise<void>;
  go(): unknown;
  /** Ends what is left of them. */
  close(): Promise<void>;
}

export interface Way {
  id: string;
  how: string;
  /** By what the service knows. */
  told: string;
  /** What is promised, seconds; 0: at once. */
  atMost: number;
  people: number;
  /** Between one's going and the next one's, ms. */
  apartMs: number;
  open(url: string, service: MeasuredService): Promise<Leaver>;
}

type Go = (person: Person) => unknown;

const withPage =
  (go: Go): Way["open"] =>
  async (url) => {
    const person = await Person.open(url);
    return { prepare: () => person.prepare(), go: () => go(person), close: () => person.close() };
  };

const QUICK = { people: 3, apartMs: 0 };
const GONE = { ...QUICK, told: "close 1001 or the beacon", atMost: 5 };
/** They differ by where in the interval between two sweeps they fall. */
const SILENT = { people: 3, apartMs: 10_000, told: "silence", atMost: 150 };

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
  { ...GONE, id: "crash", how: "page crashes", open: withPage((person) => person.signalRenderers("SIGKILL")) },
  { ...GONE, id: "kill", how: "browser is killed", open: withPage((person) => person.killBrowser()) },
  {
    ...QUICK,
    id: "reset",
    how: "socket is reset, media goes on",
    told: "close 1006",
    atMost: 20,
    async open(url, service) {
      const network = await TcpProxy.start(service.port);
      const person = await Person.open(url, network);
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
    ...QUICK,
    id: "stop",
    how: "page's process is stopped",
    told: "ICE consent, probe not answered",
    atMost: 40,
    open: withPage((person) => person.signalRenderers("SIGSTOP")),
  },
];

/** These ways take minutes, so they all run at the same time as the others. */
export const SLOW_WAYS: readonly Way[] = [
  { ...SILENT, id: "hang", how: "page's script hangs, media goes on", open: withPage((person) => person.hang()) },
  {
    ...SILENT,
    id: "freeze",
    how: "page is frozen, media goes on",
    async open(url) {
      const person = await UnwatchedPerson.open(url);
      return { go: () => person.freeze(), close: () => person.close() };
    },
  },
];
