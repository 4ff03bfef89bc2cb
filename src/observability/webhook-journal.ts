import type { Logger } from "pino";
import type { Emitter } from "../kernel/emitter.js";
import type { BackendEvent } from "@lastseen/protocol";
import type { WebhookEvents } from "../webhook/events.js";

/** Writes log lines about the delivery of webhooks. While the backend does not answer, there is one line, not one per attempt. */
export function followWebhooks(log: Logger, events: Emitter<WebhookEvents>): void {
  events.on("failing", ({ why }) => log.warn({ reason: why }, "webhooks fail; events wait"));
  events.on("recovered", ({ failures }) => log.info({ failures }, "webhooks arrive again"));
  events.on("refused", ({ event, why }) => log.warn({ ...named(event), reason: why }, "webhook refused"));
  events.on("given_up", ({ event, attempts }) => log.error({ ...named(event), attempts }, "webhook given up"));
  events.on("overflowing", (fields) => log.warn(fields, "too many webhooks wait; the oldest are dropped"));
  events.on("drops_told", ({ firstAt, lastAt, ...fields }) =>
    log.warn({ ...fields, from: timeOf(firstAt), to: timeOf(lastAt) }, "events for the backend were dropped"),
  );
  events.on("log_failing", ({ error }) => log.warn({ err: error }, "events can't be logged; they wait"));
  events.on("log_recovered", (fields) => log.info(fields, "events are logged again"));
  events.on("taken_over", (fields) => log.info(fields, "webhooks that others have left are delivered here"));
  events.on("taken_by_other", (fields) => log.warn(fields, "another node delivers the webhooks that waited here"));
  events.on("takeover_failed", ({ error }) => log.warn({ err: error }, "webhooks of other nodes can't be asked for"));
  events.on("left_behind", (fields) => log.warn(fields, "webhooks were left at the end"));
}

function named({ id, type, userId, sessionId, roomId }: BackendEvent): object {
  return { eventId: id, type, userId, sessionId, roomId };
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}
