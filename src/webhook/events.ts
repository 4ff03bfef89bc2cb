/**
 * Data comes from the lifecycle events (`translate.ts`), waits for its place in the log (`outbox.ts`) and then for the
 * owner's backend (`queue.ts`, `deliverer.ts`, `http-sender.ts`); what has arrived is noted in the log (`acknowledgement.ts`), and
 * what nodes that are gone have left comes from there (`takeover.ts`). Nothing of a session ever waits for any of them.
 */
import type { BackendEvent } from "@lastseen/protocol";

/** What a delivery came to. `failed` and `refused` are tried again. */
export const DELIVERY_RESULTS = ["delivered", "failed", "refused", "dropped"] as const;
export type DeliveryResult = (typeof DELIVERY_RESULTS)[number];

/** What happens on the way to the backend; `why` never has an address or a secret in it. */
export interface WebhookEvents {
  /** After each attempt, and for each event that is given up. */
  settled: { result: DeliveryResult };
  /** The backend does not answer, or answers that it can't; told with the first failure after a success. */
  failing: { why: string };
  recovered: { failures: number };
  /** The backend wants something else than this event; told with the first attempt. */
  refused: { event: BackendEvent; why: string };
  dropped: { event: BackendEvent; attempts: number };
  /** More wait than may; the oldest are dropped for now. `logged`: they can still be read from the log. */
  overflowing: { waiting: number; logged: boolean };
  log_failing: { error: unknown };
  log_recovered: { waiting: number };
  /** What a node that is gone has left is delivered here; `forgotten`: so many events more the log does not keep any more. */
  inherited: { events: number; forgotten: number };
  /** Another node has taken this one for dead, and delivers what waited here. */
  disinherited: { events: number };
  /** What others have left can't be asked for; told with the first failure after a success. */
  inheriting_failed: { error: unknown };
  /** The end has come before all were delivered. */
  left_behind: { logged: number; unlogged: number };
}
