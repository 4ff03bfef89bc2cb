/**
 * Metrics that rules and dashboard already use and the service does not have yet. A test fails when the service has one of
 * them; then remove it from this list.
 */
export const AWAITED: ReadonlySet<string> = new Set();

/** The names of Lastseen's metrics and recorded series in a text. The parts of a histogram have the histogram's name. */
export function metricNames(text: string): Set<string> {
  const names = text.match(/\b(?:[a-z_]+:)?lastseen_\w+(?::\w+)?/g) ?? [];
  return new Set(names.map((name) => name.replace(/_(bucket|sum|count)$/, "")));
}
