/** The way to the owner's backend, if there is one. */
import type { Logger } from "pino";
import type { Config } from "./config/load.js";
import type { Clock } from "./kernel/clock.js";
import type { Releasers } from "./kernel/releasers.js";
import { followWebhooks } from "./observability/webhook-journal.js";
import type { EventLog } from "./session/event-log.js";
import { httpSender } from "./webhook/http-sender.js";
import { Webhooks } from "./webhook/webhooks.js";

/** How long the backend may take to answer. */
const ANSWER_LIMIT_MS = 10_000;

/** @returns undefined without a `WEBHOOK_URL` */
export function openWebhooks(
  config: Config,
  eventLog: EventLog,
  parts: { log: Logger; clock: Clock; listenerFailed: (error: unknown, event: PropertyKey) => void },
  releasers: Releasers,
): Webhooks | undefined {
  const { WEBHOOK_URL: url, WEBHOOK_SECRET: secret, NODE_ID: nodeId } = config;
  if (url === undefined || secret === undefined) return undefined;
  const { log, clock, listenerFailed } = parts;
  const send = httpSender({ url, secret, limitMs: ANSWER_LIMIT_MS, clock });
  const webhooks = new Webhooks({ clock, nodeId, log: eventLog, send, random: Math.random, listenerFailed });
  followWebhooks(log, webhooks.events);
  releasers.add("webhooks", () => webhooks.close());
  return webhooks;
}
