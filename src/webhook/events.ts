/**
 * The way of an event: `translate.ts` makes it from a lifecycle event, `outbox.ts` writes it to the log, and then it waits in
 * `queue.ts` until `deliverer.ts` posts it to the backend with `http-sender.ts`. `acknowledgement.ts` tells the log which events
 * are done, and `delivery-takeover.ts` takes the events of dead nodes from the log. No session ever waits for any of them.
 */
import type { BackendEvent } from "@lastseen/protocol";

/** How a delivery ended. The deliverer tries again after `failed` and `refused`. */
export const DELIVERY_RESULTS = ["delivered", "failed", "refused", "dropped"] as const;
export type DeliveryResult = (typeof DELIVERY_RESULTS)[number];

/** What happens on the way to the backend. `why` never contains an address or a secret. */
export interface WebhookEvents {
  /** After each attempt, and for each event that is dropped. */
  outcome: { result: DeliveryResult };
  /** The backend does not answer, or cannot take events now. Emitted with the first failure after a success. */
  failing: { why: string };
  recovered: { failures: number };
  /** The backend refuses this event. Emitted with the first attempt. */
  refused: { event: BackendEvent; why: string };
  dropped: { event: BackendEvent; attempts: number };
  /** Too many events wait, so the oldest are dropped. `logged`: they can still be read from the log. */
  overflowing: { waiting: number; logged: boolean };
  log_failing: { error: unknown };
  log_recovered: { waiting: number };
  /** This node delivers the events of a dead node. The log no longer has `forgotten` further events. */
  taken_over: { events: number; forgotten: number };
  /** Another node believed this one to be dead, and delivers the events that waited here. */
  taken_by_other: { events: number };
  /** The log did not answer when it was asked for the events of others. Emitted with the first failure after a success. */
  takeover_failed: { error: unknown };
  /** The service has stopped before all events were delivered. */
  left_behind: { logged: number; unlogged: number };
}
