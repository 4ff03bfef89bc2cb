/** What operators should know of the webhooks, as sentences for `GET /api/health`. They name no address and no user. */
import type { DropCause, DroppedEvents } from "../webhook/events.js";
import type { Webhooks } from "../webhook/webhooks.js";

const CAUSES: Record<DropCause, string> = {
  queue_full: "because more than WEBHOOK_QUEUE_MAX waited for the backend",
  log_away: "because more than WEBHOOK_QUEUE_MAX waited for Redis",
  given_up: "because the backend did not take them within 24 hours",
  not_kept: "because their node died and Redis no longer had them",
};

export function webhookWarnings(webhooks: Webhooks | undefined): string[] {
  if (!webhooks) return [];
  const { failing, dropped } = webhooks.health;
  return [
    ...(failing === undefined
      ? []
      : [`The backend at WEBHOOK_URL takes no events (${failing}); ${webhooks.size} wait. Look at your backend.`]),
    ...dropped.map(sentenceAbout),
  ];
}

function sentenceAbout({ cause, count, firstAt, lastAt }: DroppedEvents): string {
  const [from, to] = [firstAt, lastAt].map((at) => new Date(at).toISOString());
  const what = `${count} events for the backend were dropped ${CAUSES[cause]}.`;
  return `${what} They happened from ${from} to ${to}. Compare the backend's table with GET /api/rooms.`;
}
