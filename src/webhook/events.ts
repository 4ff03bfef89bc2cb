/**
 * The way of an event: `translate.ts` makes it from a lifecycle event, `outbox.ts` writes it to the log, and then it waits in
 * `queue.ts` until `deliverer.ts` posts it to the backend with `http-sender.ts`, alone or with others (`batch-size.ts`).
 * `acknowledgement.ts` tells the log which events are done, and `delivery-takeover.ts` takes the events of dead nodes from the
 * log. `drops.ts` tells the backend of events that it will not get. No session ever waits for any of them.
 */
import type { BackendEvent } from "@lastseen/protocol";

/** What became of an event with one attempt. The deliverer tries again after `failed` and `refused`. */
export const DELIVERY_RESULTS = ["delivered", "failed", "refused", "dropped"] as const;
export type DeliveryResult = (typeof DELIVERY_RESULTS)[number];

/**
 * Why the backend will not get an event.
 *
 * - `queue_full`: too many events waited for the backend. The log still has the dropped ones for a while.
 * - `log_away`: too many events waited while the log did not answer. They are in no log.
 * - `given_up`: the backend has not taken it within a day. The log perhaps still has it.
 * - `not_kept`: its node died, and the log had dropped it before another node could deliver it.
 */
export const DROP_CAUSES = ["queue_full", "log_away", "given_up", "not_kept"] as const;
export type DropCause = (typeof DROP_CAUSES)[number];

export interface DroppedEvents {
  readonly cause: DropCause;
  readonly count: number;
  /** When the first and the last of them happened, epoch milliseconds. */
  readonly firstAt: number;
  readonly lastAt: number;
}

/** What happens on the way to the backend. `why` never contains an address or a secret. */
export interface WebhookEvents {
  /** After each attempt. `count`: number of events in the request. */
  outcome: { result: Exclude<DeliveryResult, "dropped">; count: number };
  /** The backend does not answer, or cannot take events now. Emitted with the first failure after a success. */
  failing: { why: string };
  recovered: { failures: number };
  /** The backend refuses this event, which was alone in its request. Emitted with the first such attempt. */
  refused: { event: BackendEvent; why: string };
  given_up: { event: BackendEvent; attempts: number };
  /** Each event that is dropped, for any cause. */
  dropped: DroppedEvents;
  /** The backend is being told what was dropped since it was told last. */
  drops_told: DroppedEvents;
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
