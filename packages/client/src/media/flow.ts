import type { Consumer } from "mediasoup-client/types";
import type { Timers } from "../environment.js";

/** How often the browser is asked, and for how long at most, ms. */
const LOOK_MS = 50;
const LONGEST_MS = 1_500;

/** Resolves when sound or a picture has come from the consumer, when the consumer is closed, or after 1.5 s. Never rejects. */
export async function untilFlowing(consumer: Consumer, timers: Timers): Promise<void> {
  const until = timers.now() + LONGEST_MS;
  while (!consumer.closed && timers.now() < until && !(await hasCome(consumer))) {
    await new Promise<void>((resolve) => timers.set(LOOK_MS, resolve));
  }
}

async function hasCome(consumer: Consumer): Promise<boolean> {
  try {
    const report = await consumer.getStats();
    return [...(report as Map<string, Received>).values()].some(
      ({ type, framesDecoded, packetsReceived = 0 }) =>
        type === "inbound-rtp" && (framesDecoded ?? packetsReceived) > 0,
    );
  } catch {
    // The consumer was closed meanwhile.
    return true;
  }
}

/** Of the browser's report. Only video has frames. */
interface Received {
  readonly type: string;
  readonly framesDecoded?: number;
  readonly packetsReceived?: number;
}
