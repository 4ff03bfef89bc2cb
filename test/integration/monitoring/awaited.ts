/**
 * Metrics that rules and dashboard ask for already, and the service does not have yet. The tests fail as soon as one of
 * them is there: then it has to go from this list.
 */
export const AWAITED: ReadonlySet<string> = new Set();

/** Names of our metrics and recorded series in a text, those of a histogram's parts as the histogram's. */
export function metricNames(text: string): Set<string> {
  const names = text.match(/\b(?:[a-z_]+:)?lastseen_\w+(?::\w+)?/g) ?? [];
  return new Set(names.map((name) => name.replace(/_(bucket|sum|count)$/, "")));
}
