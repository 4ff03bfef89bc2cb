import { Writable } from "node:stream";
import { pino } from "pino";
import { expect, test } from "vitest";
import { Journal } from "../../../src/observability/journal.js";
import { Timeline } from "../../../src/observability/timeline.js";
import { ClusterWorld, type ClusterNode } from "../../support/cluster-world.js";

interface Line {
  level: number;
  msg: string;
  failures?: number;
}

const WARN = 40;
const INFO = 30;

/** The node's log lines about the directory from `info` on, and its timelines. */
function journalOf({ world }: ClusterNode): { lines: Line[]; timeline: Timeline } {
  const lines: Line[] = [];
  const written = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Line);
      done();
    },
  });
  const timeline = new Timeline();
  const { clock, liveness, events, sweeps } = world;
  const log = pino({ level: "info" }, written);
  new Journal({ log, clock, liveness, timeline, nodeId: "node" }).follow(events, sweeps);
  return { lines, timeline };
}

const ofDirectory = (lines: readonly Line[]): unknown[] =>
  lines.filter(({ msg }) => msg.startsWith("directory")).map(({ level, msg, failures }) => ({ level, msg, failures }));

test("while the store is away and many sessions change, the node logs one line at the beginning and one with their number at the end", async () => {
  const world = new ClusterWorld(1);
  const [node] = await world.start();
  if (!node) throw new Error("a node was asked for");
  const people = await Promise.all(Array.from({ length: 30 }, (_, index) => node.world.open(`u${index}`, "daily")));
  await world.run(250);
  const { lines, timeline } = journalOf(node);
  const here = (): { node: ClusterNode; session: (typeof people)[number]["session"] }[] =>
    people.slice(20).map(({ session }) => ({ node, session }));

  for (const outage of [1, 2]) {
    lines.length = 0;
    node.store.on = false;
    const leaving = people.slice((outage - 1) * 10, outage * 10);
    for (const { session } of leaving) await node.world.reaper.end(session, { reason: "left" });
    await world.run(10_000, here);
    expect(ofDirectory(lines)).toEqual([{ level: WARN, msg: "directory not written", failures: undefined }]);
    for (const { session } of leaving) {
      expect(timeline.find(session.id)?.map(({ step }) => step)).toContain("directory not written");
    }
    node.store.on = true;
    await world.run(10_000, here);
    expect(ofDirectory(lines).slice(1)).toEqual([{ level: INFO, msg: "directory written again", failures: 10 }]);
  }
  expect(await node.world.directory.counts()).toEqual({ rooms: 1, sessions: 10 });
});
