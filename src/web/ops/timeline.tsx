import type { Entry } from "./shapes.js";
import { stepWords } from "./step-words.js";

/** What happened to a session, newest first. Each line opens to show what the service wrote down. */
export function Timeline({ entries }: { entries: readonly Entry[] }) {
  return (
    <ol class="timeline" data-testid="timeline">
      {withKeys(entries)
        .toReversed()
        .map(({ key, entry }) => (
          <TimelineEntry key={key} entry={entry} />
        ))}
    </ol>
  );
}

function TimelineEntry({ entry }: { entry: Entry }) {
  const { text, tone } = stepWords(entry);
  const time = new Date(entry.at);
  return (
    <li data-tone={tone}>
      <time dateTime={time.toISOString()}>{time.toLocaleTimeString("en-GB")}</time>
      <details>
        <summary>{text}</summary>
        <pre>{`${entry.step}\n${JSON.stringify(entry.detail, null, 2)}\n${time.toISOString()}`}</pre>
      </details>
    </li>
  );
}

/**
 * An entry never changes, so its time and step name it, with a number where two entries have both in common. The key keeps
 * an opened line open when newer entries come.
 */
function withKeys(entries: readonly Entry[]): { key: string; entry: Entry }[] {
  const counts = new Map<string, number>();
  return entries.map((entry) => {
    const name = `${entry.at} ${entry.step}`;
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return { key: `${name} ${count}`, entry };
  });
}
