import { setTimeout as pause } from "node:timers/promises";
import type { MeasuredService } from "./service.js";
import type { BrowserName, Leaver } from "./person.js";
import type { Way } from "./ways.js";
import { Witness, type Going } from "./witness.js";

/** Somebody in a room of their own, watched, before they go. */
export interface Entered {
  leaver: Leaver;
  witness: Witness;
  sessionId: string;
}

/** A microphone proves as much as a camera, and costs the processor far less. */
const WITH_MEDIA = { camera: "0" };
const QUIET = { mic: "0", ...WITH_MEDIA };
/** What is waited for beyond the promise before the measuring is given up, ms. */
const PATIENCE_MS = 40_000;

/** All people of one way enter their rooms. */
export async function enterAll(
  service: MeasuredService,
  way: Way,
  browser: BrowserName,
  people: number,
): Promise<Entered[]> {
  const entered: Entered[] = [];
  for (let n = 0; n < people; n += 1) {
    const name = `${way.id}-${browser}-${n}`;
    const witness = await Witness.enter(service, name);
    const leaver = await way.open(service.pageUrl(name, name, way.quiet ? QUIET : WITH_MEDIA), service, browser);
    const sessionId = await witness.sees(name, !way.quiet);
    await leaver.prepare?.();
    entered.push({ leaver, witness, sessionId });
  }
  return entered;
}

/** They go, each when it is their turn. */
export function departAll(entered: readonly Entered[], { apartMs, atMost }: Way): Promise<Going[]> {
  return Promise.all(
    entered.map(async (one, n) => {
      if (n > 0) await pause(n * apartMs);
      return depart(one, atMost * 1_000 + PATIENCE_MS);
    }),
  );
}

async function depart({ leaver, witness, sessionId }: Entered, withinMs: number): Promise<Going> {
  const goneAt = performance.now();
  // For some ways to go this promise never settles.
  const going = Promise.resolve(leaver.go()).catch(() => {});
  try {
    return await witness.account(sessionId, goneAt, withinMs);
  } finally {
    witness.leave();
    await leaver.close();
    await going;
  }
}
