/** People with real browsers and media, and clients whose network is cut, from rooms of Lastseen. */
import type { Row } from "./document.js";
import { measureCut, type Cut } from "./network.js";
import { noMachineReason } from "./other-machine.js";
import { browsersHere } from "./open-person.js";
import type { BrowserName } from "./person.js";
import { MeasuredService } from "./service.js";
import { departAll, enterAll } from "./trial.js";
import { QUICK_WAYS, SLOW_WAYS, type Way } from "./ways.js";
import type { Going } from "./witness.js";

export interface PeopleOptions {
  /** The built service. */
  main: string;
  /** How many people go each way. */
  times: number;
  wanted: (way: { id: string }) => boolean;
  say: (text: string) => void;
  /** Gets what `/metrics` of each service answers at the end. */
  scrapes: string[];
}

/**
 * One way and browser after the other, and those who are gone within seconds also one person after the other: more browsers at the same
 * time would slow each other down.
 */
export async function measurePeople(options: PeopleOptions): Promise<Row[]> {
  const { main, times, wanted, say, scrapes } = options;
  const service = await MeasuredService.start(main);
  const pairs = (ways: readonly Way[]): { way: Way; browser: BrowserName }[] =>
    ways
      .filter(wanted)
      .flatMap((way) => browsersHere().map((browser) => ({ way, browser })))
      .filter(({ way, browser }) => (way.only ?? browser) === browser);
  const rowOf = ({ how, told, atMost }: Way, browser: BrowserName, goings: Row["goings"]): Row => {
    say(`${how} (${browser})`);
    return { how, browser, told, atMost, goings };
  };
  try {
    const inTurn = async (ways: readonly Way[], most: number): Promise<Row[]> => {
      const measured: Row[] = [];
      for (const { way, browser } of pairs(ways)) {
        const goings: Going[] = [];
        const atOnce = way.atOnce ?? most;
        for (let left = times; left > 0; left -= atOnce) {
          const entered = await enterAll(service, way, browser, Math.min(left, atOnce));
          goings.push(...(await departAll(entered, way)));
        }
        measured.push(rowOf(way, browser, goings));
      }
      return measured;
    };
    const first = await inTurn(QUICK_WAYS, 1);
    if (wanted({ id: "cut" })) first.push(...(await measureNetwork(options)));
    const last = await inTurn(SLOW_WAYS, times);
    scrapes.push(await service.metrics());
    return [...first, ...last];
  } finally {
    await service.stop();
  }
}

/** So many people of each browser share a cut. More browsers at the same time would slow each other down. */
const IN_A_CUT = 2;

async function measureNetwork({ main, times, say, scrapes }: PeopleOptions): Promise<Row[]> {
  const problem = noMachineReason();
  if (problem !== undefined) {
    say(`nobody's network can be cut here: ${problem}`);
    return [];
  }
  const cuts: Cut[] = [];
  for (let left = times; left > 0; left -= IN_A_CUT) cuts.push(await measureCut(main, Math.min(left, IN_A_CUT)));
  scrapes.push(...cuts.map(({ metrics }) => metrics));
  say("network cut");
  return [
    ...browsersHere().map((browser) => ({
      how: "network is cut, with media",
      browser,
      told: "silent media, no pong",
      atMost: 32,
      goings: cuts.flatMap(({ withMedia }) => withMedia.flatMap((one) => (one.browser === browser ? one.goings : []))),
    })),
    {
      how: "network is cut, without media",
      browser: "none" as const,
      told: "two pongs missed",
      atMost: 32,
      goings: cuts.flatMap(({ without }) => without),
    },
  ];
}
