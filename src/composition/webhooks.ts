import type { Logger } from "pino";
import type { ClusterEvents } from "../cluster/events.js";
import type { Config } from "../config/load.js";
import type { Clock, Timer } from "../kernel/clock.js";
import type { DisposalStack } from "../kernel/disposal-stack.js";
import type { Emitter } from "../kernel/emitter.js";
import { followWebhooks } from "../observability/webhook-journal.js";
import { leaseId } from "../ports/lease-id.js";
import { QUIET_MS, type EventLog } from "../ports/event-log.js";
import { httpSender } from "../webhook/http-sender.js";
import { Webhooks } from "../webhook/webhooks.js";
import type { ListenerFailed } from "./service-ports.js";
import type { Service } from "./service.js";

/** How long the backend may take to answer. */
const ANSWER_LIMIT_MS = 10_000;
/** After a node has come or gone. A node that is gone has been quiet for long enough by then. */
const AFTER_CHANGE_MS = QUIET_MS + 5_000;

/** @returns undefined without a `WEBHOOK_URL` */
export function openWebhooks(
  config: Config,
  eventLog: EventLog,
  parts: { log: Logger; clock: Clock; listenerFailed: ListenerFailed },
  disposals: DisposalStack,
): Webhooks | undefined {
  const { WEBHOOK_URL: url, WEBHOOK_SECRET: secret, WEBHOOK_SECRET_PREVIOUS: previous, NODE_ID: nodeId } = config;
  if (url === undefined || secret === undefined) return undefined;
  const { log, clock, listenerFailed } = parts;
  const limits = {
    waiting: config.WEBHOOK_QUEUE_MAX,
    batch: config.WEBHOOK_BATCH_MAX,
    parallel: config.WEBHOOK_PARALLEL_MAX,
  };
  const secrets = previous === undefined ? [secret] : [secret, previous];
  const send = httpSender({ url, secrets, batches: limits.batch > 1, limitMs: ANSWER_LIMIT_MS, clock });
  const random = Math.random;
  const webhooks = new Webhooks({ clock, nodeId, log: eventLog, send, random, listenerFailed, limits });
  followWebhooks(log, webhooks.events);
  disposals.defer("webhooks", () => webhooks.close());
  return webhooks;
}

/** Brings to the webhooks what happens to the sessions of this node, and to the nodes. */
export function followSessions(webhooks: Webhooks, service: Service, clock: Clock, disposals: DisposalStack): void {
  const { lifecycle, rooms, cluster, clusterEvents, telephony } = service;
  telephony.wakers.add();
  webhooks.follow(lifecycle, (roomId) => rooms.find(roomId) !== undefined, cluster === undefined);
  shareWebhooks(webhooks, clusterEvents, clock, disposals);
}

/**
 * Lets this node deliver the events that dead nodes have left, drop the events that another node delivers in its place, and
 * try again as soon as the shared log answers.
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
