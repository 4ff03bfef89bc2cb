import type { Logger } from "pino";
import type { ClusterEvents } from "../cluster/events.js";
import { LostParts } from "../cluster/lost-parts.js";
import type { Clock } from "../kernel/clock.js";
import type { DisposalStack } from "../kernel/disposal-stack.js";
import type { Emitter } from "../kernel/emitter.js";
import type { StoreCheck } from "../ports/store-check.js";
import type { Webhooks } from "../webhook/webhooks.js";

/**
 * Looks at every renewal whether the shared store has lost something. The parts of the service follow the event and write
 * again what they know. The look is sent to the store before an audit of the same renewal, which would mend some losses
 * without telling them.
 */
export function checkStore(
  check: StoreCheck,
  parts: {
    log: Logger;
    events: Emitter<ClusterEvents>;
    clock: Clock;
    webhooks: Webhooks | undefined;
    disposals: DisposalStack;
  },
): LostParts {
  const { log, events, clock, webhooks, disposals } = parts;
  const lostParts = new LostParts(clock);
  let running: Promise<void> | undefined;
  let isFailing = false;
  const look = async (): Promise<void> => {
    const lost = await check.run();
    isFailing = false;
    if (lost.length === 0) return;
    lostParts.add(lost);
    events.emit("store_lost", { parts: lost });
    // Events of dead nodes can be without a node that delivers them.
    webhooks?.takeOver([]);
  };
  const unfollow = events.on("renewed", () => {
    running ??= look()
      .catch((error: unknown) => {
        // While the store is away, the renewals fail as well, and that is told.
        if (!isFailing) log.warn({ err: error }, "the store can't be searched for lost keys");
        isFailing = true;
      })
      .finally(() => (running = undefined));
  });
  disposals.defer("store check", async () => {
    unfollow();
    await running;
  });
  return lostParts;
}
