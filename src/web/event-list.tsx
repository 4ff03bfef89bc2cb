import type { EventLog, LogEntry } from "./event-log.js";

export function EventList({ log }: { log: EventLog }) {
  return (
    <div class="log" role="log" aria-label="What happened" tabIndex={0}>
      <ol data-testid="log">
        {log.entries.value.map((entry) => (
          <Entry key={entry.id} entry={entry} />
        ))}
      </ol>
    </div>
  );
}

function Entry({ entry: { event, tone, text, data = {}, at } }: { entry: LogEntry }) {
  const attributes = Object.fromEntries(Object.entries(data).map(([key, value]) => [`data-${key}`, value]));
  return (
    <li data-testid="log-entry" data-event={event} data-tone={tone} {...attributes}>
      <time dateTime={at.toISOString()}>{at.toLocaleTimeString([], { hour12: false })}</time>
      <span>{text}</span>
    </li>
  );
}
