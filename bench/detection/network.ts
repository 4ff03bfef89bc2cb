/** The ways to go that need a network namespace: somebody's cable is pulled. */
import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";
import { until } from "../../test/support/until.js";
import { OtherMachine } from "./other-machine.js";
import { endBrowser, launchBrowser } from "./chromium-person.js";
import { openUndrivenFirefox } from "./firefox-person.js";
import { browsersHere } from "./open-person.js";
import type { BrowserName } from "./person.js";
import { MeasuredService } from "./service.js";
import { Witness, type Going } from "./witness.js";

const QUIET_CLIENT = fileURLToPath(new URL("../../test/long/network/quiet-client.ts", import.meta.url));
/** Between clients without media, so that the cut meets all parts of the interval between WebSocket pings. */
const APART_MS = 700;
const LIMIT_MS = 90_000;

export interface Cut {
  withMedia: { browser: BrowserName; goings: Going[] }[];
  without: Going[];
  /** What `/metrics` answered at the end. */
  metrics: string;
}

/** Opens a page on the other machine. @returns what ends its browser */
type OpenElsewhere = (machine: OtherMachine, service: MeasuredService, name: string) => Promise<() => Promise<void>>;

const OPEN: Readonly<Record<BrowserName, OpenElsewhere>> = {
  async Chromium(machine, service, name) {
    const url = service.pageUrl(name, name, { camera: "0" });
    const browser = await launchBrowser(url, machine.browserProgram);
    await (await browser.newPage()).goto(url);
    return () => endBrowser(browser);
  },
  // Its driver would have to be on that machine too. The page joins by itself. A page without TLS gets no camera, and a synthetic
  // picture does as well.
  async Firefox(machine, service, name) {
    return openUndrivenFirefox(machine.prefix, service.pageUrl(name, name, { camera: "0", fake: "1" }));
  },
};

interface Watched {
  witness: Witness;
  sessionId: string;
}

/**
 * Measures people with and without media on another machine when the link to that machine goes down.
 *
 * @param main the built service
 * @param people how many with media in each browser, and how many without media
 */
export async function measureCut(main: string, people: number): Promise<Cut> {
  const machine = new OtherMachine();
  const ends: (() => Promise<void>)[] = [];
  const service = await MeasuredService.start(main, machine.hostAddress);
  try {
    const withMedia = await inTurn(browsersHere(), async (browser) => ({
      browser,
      people: await inTurn(numbers(people), async (n) => {
        const name = `cut-${browser}-${n}`;
        const witness = await Witness.enter(service, name);
        ends.push(await OPEN[browser](machine, service, name));
        return { witness, sessionId: await witness.sees(name, true) };
      }),
    }));
    const without = await inTurn(numbers(people), async (n) => {
      if (n > 0) await pause(APART_MS);
      const name = `quiet-${n}`;
      const witness = await Witness.enter(service, name);
      machine.run(QUIET_CLIENT, service.ws, name, name);
      return { witness, sessionId: await witness.sees(name, false) };
    });
    await afterPong(service, "quiet-0");
    const cutAt = performance.now();
    machine.pullCable();
    const account = (watched: readonly Watched[]): Promise<Going[]> =>
      Promise.all(watched.map(({ witness, sessionId }) => witness.account(sessionId, cutAt, LIMIT_MS)));
    const [gone, silent] = await Promise.all([
      Promise.all(withMedia.map(async (one) => ({ browser: one.browser, goings: await account(one.people) }))),
      account(without),
    ]);
    for (const { witness } of [...withMedia.flatMap((one) => one.people), ...without]) witness.leave();
    return { withMedia: gone, without: silent, metrics: await service.metrics() };
  } finally {
    await Promise.all(ends.map((end) => end()));
    await service.stop();
    machine.close();
  }
}

/** The longest way to the next two pongs that are missed begins here. */
async function afterPong(service: MeasuredService, name: string): Promise<void> {
  const lastPongAt = async () => (await service.find(name, name))?.evidence.lastPongAt;
  const answered = await lastPongAt();
  await until(async () => (await lastPongAt()) !== answered, 20_000);
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
}

async function inTurn<T, R>(all: readonly T[], enter: (one: T) => Promise<R>): Promise<R[]> {
  const entered: R[] = [];
  for (const one of all) entered.push(await enter(one));
  return entered;
}
