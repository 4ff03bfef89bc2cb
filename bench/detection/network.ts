/** The ways to go that need a network namespace: somebody's cable is pulled. */
import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";
import type { Browser } from "playwright-core";
import { until } from "../../test/support/until.js";
import { OtherMachine } from "./other-machine.js";
import { endBrowser, launchBrowser } from "./person.js";
import { MeasuredService } from "./service.js";
import { Witness, type Going } from "./witness.js";

const QUIET_CLIENT = fileURLToPath(new URL("../../test/long/network/quiet-client.ts", import.meta.url));
/** Between clients without media, so that the cut meets all parts of the interval between WebSocket pings. */
const APART_MS = 700;
const LIMIT_MS = 90_000;

export interface Cut {
  withMedia: Going[];
  without: Going[];
  /** What `/metrics` answered at the end. */
  metrics: string;
}

interface Watched {
  witness: Witness;
  sessionId: string;
}

/**
 * Measures people with and without media on another machine when the link to that machine goes down.
 *
 * @param main the built service
 * @param people how many with media, and how many without
 */
export async function measureCut(main: string, people: number): Promise<Cut> {
  const machine = new OtherMachine();
  const browsers: Browser[] = [];
  const service = await MeasuredService.start(main, machine.hostAddress);
  try {
    const withMedia = await inTurn(people, async (n) => {
      const name = `cut-${n}`;
      const witness = await Witness.enter(service, name);
      const url = service.pageUrl(name, name);
      const browser = await launchBrowser(url, machine.browserProgram);
      browsers.push(browser);
      await (await browser.newPage()).goto(url);
      return { witness, sessionId: await witness.sees(name, true) };
    });
    const without = await inTurn(people, async (n) => {
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
    const [gone, silent] = await Promise.all([account(withMedia), account(without)]);
    for (const { witness } of [...withMedia, ...without]) witness.leave();
    return { withMedia: gone, without: silent, metrics: await service.metrics() };
  } finally {
    await Promise.all(browsers.map(endBrowser));
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

async function inTurn<T>(people: number, enter: (n: number) => Promise<T>): Promise<T[]> {
  const entered: T[] = [];
  for (let n = 0; n < people; n += 1) entered.push(await enter(n));
  return entered;
}
