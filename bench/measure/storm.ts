import { setTimeout as pause } from "node:timers/promises";
import type { Programs } from "../compile.js";
import type { LoopDelay } from "../harness/meter.js";
import { byKind, inTurn, type ByKind } from "./by-kind.js";
import type { Plan } from "./plan.js";
import { Subject } from "./subject.js";

/** One storm on one server. */
export interface StormSample extends LoopDelay {
  /** Until the last client is back, milliseconds. */
  backMs: number;
  /** CPU of the server, microseconds for each client. */
  cpu: number;
}

/** Until what the arrival of the clients has begun is over. */
const SETTLE_MS = 3_000;

/** Breaks all connections of a server at once, and lets all clients come back at once, without any back-off. */
export async function measureStorm(
  programs: Programs,
  plan: Plan,
  say: (line: string) => void,
): Promise<ByKind<StormSample[]>> {
  const samples = byKind<StormSample[]>(() => []);
  for (let storm = 0; storm < plan.storms; storm += 1) {
    say(`storm of ${plan.stormClients} clients: ${storm + 1} of ${plan.storms}`);
    for (const kind of inTurn(storm)) {
      const subject = await Subject.start(kind, programs);
      try {
        await subject.join(plan.stormClients);
        await pause(SETTLE_MS);
        await subject.server.watchLoop();
        let backMs = 0;
        const micros = await subject.cpuOf(async () => (backMs = await subject.load.storm()));
        samples[kind].push({ backMs, cpu: micros / plan.stormClients, ...(await subject.server.loopDelay()) });
      } finally {
        await subject.stop();
      }
    }
  }
  return samples;
}
