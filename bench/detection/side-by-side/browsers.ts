/** The same real browsers as Lastseen's people have, with a page on Socket.IO. */
import { until } from "../../../test/support/until.js";
import { compilePeople } from "../people/people.js";
import type { Subject } from "../subjects/subject.js";
import type { BrowserName, Leaver } from "../person.js";
import type { Way } from "../ways.js";
import type { Outcome } from "./log.js";
import { cellOf, type Cell } from "./results.js";
import { Stage } from "./stage.js";

/** A limit for those who are never told as gone, s. */
const WATCH = 180;

/** What a server tells does not depend on the browser that ended. */
const BROWSER: BrowserName = "Chromium";

export interface BesideRow {
  how: string;
  browser: BrowserName;
  /** How long the witness was listened to, s. */
  watch: number;
  cell: Cell;
}

/** @param subject its server answers `GET /` with a page that comes into the room of its query as its name */
export async function measureBeside(
  subject: Subject,
  ways: readonly Way[],
  people: number,
  say: (text: string) => void,
): Promise<BesideRow[]> {
  compilePeople();
  const rows: BesideRow[] = [];
  const stage = await Stage.open([subject], people);
  try {
    for (const way of ways) {
      rows.push(await measureWay(stage, way));
      say(`${way.how} (${subject.title})`);
    }
    return rows;
  } finally {
    await stage.close();
  }
}

async function measureWay(stage: Stage, way: Way): Promise<BesideRow> {
  const [server] = stage.servers;
  if (!server) throw new Error("the stage has no server");
  await stage.witness(way.id);
  const leavers: { name: string; leaver: Leaver }[] = [];
  for (const name of stage.names) {
    const leaver = await way.open(
      `${server.url()}/?${new URLSearchParams({ room: way.id, name }).toString()}`,
      server,
      BROWSER,
    );
    leavers.push({ name, leaver });
    await stage.sees(way.id, name);
    await leaver.prepare?.();
  }
  const outcomes = await Promise.all(
    leavers.map(async ({ name, leaver }) => {
      const since = Date.now();
      // For some ways to go this promise never settles.
      void Promise.resolve(leaver.go()).catch(() => {});
      const outcome = (): Outcome => stage.outcome({ system: server.subject.id, room: way.id, name }, since);
      await until(
        () => outcome().leftAfterMs !== undefined || Date.now() > since + WATCH * 1_000,
        WATCH * 1_000 + 30_000,
      );
      return outcome();
    }),
  );
  await Promise.all(leavers.map(({ leaver }) => leaver.close()));
  return { how: way.how, browser: BROWSER, watch: WATCH, cell: cellOf(outcomes) };
}
