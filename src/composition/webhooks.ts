/** The way to the owner's backend, if there is one. */
import type { Logger } from "pino";
import type { ClusterEvents } from "../cluster/events.js";
import type { Config } from "../config/load.js";
import type { Clock, Timer } from "../kernel/clock.js";
import type { Emitter } from "../kernel/emitter.js";
import type { DisposalStack } from "../kernel/disposal-stack.js";
import { followWebhooks } from "../observability/webhook-journal.js";
import { leaseId } from "../ports/lease-id.js";
import { QUIET_MS, type EventLog } from "../ports/event-log.js";
import { httpSender } from "../webhook/http-sender.js";
import { Webhooks } from "../webhook/webhooks.js";

/** How long the backend may take to answer. */
const ANSWER_LIMIT_MS = 10_000;
/** After nodes have come or gone: who went has been quiet for long enough by then. */
const AFTER_CHANGE_MS = QUIET_MS + 5_000;

/** @returns undefined without a `WEBHOOK_URL` */
export function openWebhooks(
  config: Config,
  eventLog: EventLog,
  parts: { log: Logger; clock: Clock; listenerFailed: (error: unknown, event: PropertyKey) => void },
  disposals: DisposalStack,
): Webhooks | undefined {
  const { WEBHOOK_URL: url, WEBHOOK_SECRET: secret, NODE_ID: nodeId } = config;
  if (url === undefined || secret === undefined) return undefined;
  const { log, clock, listenerFailed } = parts;
  const send = httpSender({ url, secret, limitMs: ANSWER_LIMIT_MS, clock });
  const webhooks = new Webhooks({ clock, nodeId, log: eventLog, send, random: Math.random, listenerFailed });
  followWebhooks(log, webhooks.events);
  disposals.defer("webhooks", () => webhooks.close());
  return webhooks;
}

/**
 * Lets this node deliver what nodes that are gone have left, let go of what another one delivers in its place, and try again
 * as soon as the log that they share is back.
 */
export function shareWebhooks(
  webhooks: Webhooks,
  events: Emitter<ClusterEvents>,
  clock: Clock,
  disposals: DisposalStack,
): void {
  let known = "";
  let timer: Timer | undefined;
  let isAway = false;
  const unfollow = [
    events.on("taking_over", ({ nodeId }) => webhooks.takeOver([nodeId])),
    events.on("registered", () => webhooks.takeOver([])),
    events.on("unreachable", () => (isAway = true)),
    events.on("renewed", ({ nodes }) => {
      if (isAway) webhooks.logIsBack();
      isAway = false;
      const present = nodes.map(leaseId).join(" ");
      if (present === known) return;
      known = present;
      timer?.cancel();
      timer = clock.after(AFTER_CHANGE_MS, () => webhooks.takeOver([]));
    }),
  ];
  disposals.defer("shared webhooks", () => {
    for (const each of unfollow) each();
    timer?.cancel();
  });
}
