/** People with real browsers and media, and clients whose network is cut, from rooms of Lastseen. */
import type { Row } from "./document.js";
import { measureCut } from "./network.js";
import { noMachineReason } from "./other-machine.js";
import { MeasuredService } from "./service.js";
import { departAll, enterAll } from "./trial.js";
import { QUICK_WAYS, SLOW_WAYS, type Way } from "./ways.js";

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

/** Those that take minutes go first; meanwhile the others, one way after the other. */
export async function measurePeople(options: PeopleOptions): Promise<Row[]> {
  const { main, times, wanted, say, scrapes } = options;
  const service = await MeasuredService.start(main);
  const rowOf = ({ how, told, atMost }: Way, goings: Row["goings"]): Row => {
    say(how);
    return { how, told, atMost, goings };
  };
  try {
    const slow = [];
    for (const way of SLOW_WAYS.filter(wanted)) slow.push({ way, entered: await enterAll(service, way, times) });
    const slowly = Promise.all(slow.map(async ({ way, entered }) => rowOf(way, await departAll(entered, way))));
    const quickly = async (): Promise<Row[]> => {
      const measured: Row[] = [];
      for (const way of QUICK_WAYS.filter(wanted))
        measured.push(rowOf(way, await departAll(await enterAll(service, way, times), way)));
      return wanted({ id: "cut" }) ? [...measured, ...(await measureNetwork(options))] : measured;
    };
    const [last, first] = await Promise.all([slowly, quickly()]);
    scrapes.push(await service.metrics());
    return [...first, ...last];
  } finally {
    await service.stop();
  }
}

async function measureNetwork({ main, times, say, scrapes }: PeopleOptions): Promise<Row[]> {
  const problem = noMachineReason();
  if (problem !== undefined) {
    say(`nobody's network can be cut here: ${problem}`);
    return [];
  }
  const { withMedia, without, metrics } = await measureCut(main, times);
  scrapes.push(metrics);
  say("network cut");
  return [
    { how: "network is cut, with media", told: "silent media, no pong", atMost: 32, goings: withMedia },
    { how: "network is cut, without media", told: "two pongs missed", atMost: 32, goings: without },
  ];
}
