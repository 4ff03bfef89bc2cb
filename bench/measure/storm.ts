import { setTimeout as pause } from "node:timers/promises";
import type { Programs } from "../compile.js";
import type { LoopDelay } from "../harness/meter.js";
import { byKind, inTurn, type ByKind } from "./by-kind.js";
import type { Plan } from "./plan.js";
import type { Storm } from "../client/load.js";
import { Subject } from "./subject.js";

/** One storm on one server. */
export interface StormSample extends LoopDelay {
  /** Until the last client is back, milliseconds. */
  backMs: number;
  /** Clients whose session was over when they came. */
  thrownOut: number;
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
  for (let turn = 0; turn < plan.storms; turn += 1) {
    say(`storm of ${plan.stormClients} clients: ${turn + 1} of ${plan.storms}`);
    for (const kind of inTurn(turn)) {
      const subject = await Subject.start(kind, programs);
      try {
        await subject.join(plan.stormClients);
        await pause(SETTLE_MS);
        await subject.server.watchLoop();
        let storm: Storm = { backMs: 0, thrownOut: 0 };
        const micros = await subject.cpuOf(async () => (storm = await subject.load.storm()));
        const { backMs, thrownOut } = storm;
        const delay = await subject.server.loopDelay();
        say(
          `  ${kind}: all back after ${(backMs / 1_000).toFixed(1)} s, event loop p99 ${delay.p99.toFixed(0)} ms, thrown out: ${thrownOut}`,
        );
        samples[kind].push({ ...storm, cpu: micros / plan.stormClients, ...delay });
      } finally {
        await subject.stop();
      }
    }
  }
  return samples;
}
