/** The part of `docs/scale.md` about a store that is divided over the masters of a Redis Cluster. */
import { table } from "../report/table.js";
import { COMFORTABLE, costTable, percent, SIZES, STEPS, thousands } from "./figures.js";
import { largest, mostSessions, sharesOf, sum, type Costs, type Habits } from "./model.js";

/** What was measured of a divided store. */
export interface Divided {
  /** Number of hash tags of rooms and sessions. */
  readonly shards: number;
  /** Of the master of what is not divided. */
  readonly whole: readonly Costs[];
  /** Of a master of one tag, on average. */
  readonly tag: readonly Costs[];
}

export function dividedSection({ shards, whole, tag }: Divided, habits: Habits): string {
  return `
## Divided over ${shards} shards

The same steps with \`REDIS_SHARDS=${shards}\` on a real Redis Cluster of ${shards + 1} masters: one has what is not divided (\`{all}\`), and each of the
others has one hash tag of rooms and sessions ([how to place them](redis-store.md#where-the-hash-tags-are)). A figure is the processor time
of one master; those of a tag are the average of ${shards} masters.

${costTable(whole, "the master of `{all}`")}

${costTable(tag, "a master of one tag")}

${sizeTable(whole, tag, habits)}

${verdict({ shards, whole, tag }, habits)}
`;
}

function sizeTable(whole: readonly Costs[], tag: readonly Costs[], habits: Habits): string {
  return table(
    ["sessions", "nodes", "the master of `{all}`", "a master of one tag", "a master of two tags"],
    SIZES.map((sessions) => {
      const nodes = Math.ceil(sessions / habits.sessionsPerNode);
      const ofTag = shareOf(tag, sessions, habits);
      const shares = [shareOf(whole, sessions, habits), ofTag, 2 * ofTag].map(percent);
      return [thousands(sessions), String(nodes), ...shares];
    }),
  );
}

/** What the figures say of the largest size. */
function verdict({ shards, whole, tag }: Divided, habits: Habits): string {
  const sessions = SIZES.at(-1) ?? 0;
  const nodes = Math.ceil(sessions / habits.sessionsPerNode);
  const [ofWhole, ofTag] = [shareOf(whole, sessions, habits), shareOf(tag, sessions, habits)];
  const busiest = ofWhole >= ofTag ? whole : tag;
  const most = mostSessions([whole, tag], habits, COMFORTABLE);
  const mostOnFewer = mostSessions([whole, doubled(tag)], habits, COMFORTABLE);
  const takesMost = STEPS[largest(sharesOf(busiest, sessions, habits))];
  return `${thousands(sessions)} sessions on ${nodes} nodes take ${percent(Math.max(ofWhole, ofTag))} of the busiest master of ${shards + 1}, which has ${busiest === whole ? "`{all}`" : "one tag"}. What takes most there is: ${takesMost}.
With at most ${percent(COMFORTABLE)} of each master, ${shards + 1} masters serve about **${thousands(most)} sessions on ${most / habits.sessionsPerNode} nodes**. With ${shards} masters, one of which has \`{all}\` alone and
one of the others two tags, it is about ${thousands(mostOnFewer)} sessions on ${mostOnFewer / habits.sessionsPerNode} nodes. More shards relieve only the masters of the tags.`;
}

/** Of a master of two tags. */
function doubled(tag: readonly Costs[]): readonly Costs[] {
  return tag.map((costs) => ({
    nodes: costs.nodes,
    renew: 2 * costs.renew,
    enter: 2 * costs.enter,
    redirect: 2 * costs.redirect,
    leave: 2 * costs.leave,
    call: 2 * costs.call,
    takeOver: 2 * costs.takeOver,
  }));
}

function shareOf(measured: readonly Costs[], sessions: number, habits: Habits): number {
  return sum(sharesOf(measured, sessions, habits));
}
