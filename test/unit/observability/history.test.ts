import { expect, test } from "vitest";
import { History, type MinuteOfHistory } from "../../../src/observability/history.js";
import { World } from "../../support/world.js";

const MINUTE_MS = 60_000;
const NO_TIMES = { count: 0, medianMs: null, longestMs: null };

/** The minutes in which something happened. */
function eventful(history: History): MinuteOfHistory[] {
  return history.minutes().filter(({ joins, aways, evictions }) => joins + aways + evictions > 0);
}

test("the history counts joins, aways and evictions by minute, with the times that it took to notice them", async () => {
  const world = new World();
  const history = new History(world.clock);
  history.follow(world.events);
  const { session, connection } = await world.open("ada", "daily");
  await world.open("bob", "daily");
  await world.run(2 * MINUTE_MS);
  world.sessions.detach(session, connection, 1006);
  await world.run(MINUTE_MS);

  const minutes = eventful(history);
  expect(minutes[0]).toMatchObject({ joins: 2, evictions: 0, detection: NO_TIMES });
  const sum = (count: (minute: MinuteOfHistory) => number) => minutes.reduce((total, one) => total + count(one), 0);
  expect(sum(({ joins }) => joins)).toBe(2);
  expect(sum(({ evictions }) => evictions)).toBe(world.log.filter(({ step }) => step === "ended").length);
  expect(sum(({ detection }) => detection.count)).toBe(world.log.filter(({ step }) => step === "left").length);
  expect(sum(({ aways }) => aways)).toBe(world.log.filter(({ step }) => step === "away").length);
  for (const { detection } of minutes.filter(({ evictions }) => evictions > 0))
    expect(detection.longestMs).toBeGreaterThanOrEqual(20_000);
  await world.close();
});

test("a session that leaves by itself is no eviction", async () => {
  const world = new World();
  const history = new History(world.clock);
  history.follow(world.events);
  const { session } = await world.open("ada", "daily");
  await world.reaper.end(session, { reason: "left" });
  expect(eventful(history)).toMatchObject([{ joins: 1, evictions: 0, detection: NO_TIMES }]);
  await world.close();
});

test("the history tells the most sessions and ghosts of each minute", async () => {
  const { clock } = new World();
  const history = new History(clock);
  history.note({ sessions: 3, ghosts: 0 });
  history.note({ sessions: 5, ghosts: 2 });
  history.note({ sessions: 4, ghosts: 1 });
  clock.stall(MINUTE_MS);
  history.note({ sessions: 1, ghosts: 0 });
  expect(history.minutes()).toMatchObject([
    { sessions: 5, ghosts: 2 },
    { sessions: 1, ghosts: 0 },
  ]);
});

test("the history keeps one hour, however long the node runs, and also when the clock is set back", () => {
  const { clock } = new World();
  const history = new History(clock);
  for (let minute = 0; minute < 200; minute += 1) {
    history.note({ sessions: minute, ghosts: 0 });
    clock.stall(MINUTE_MS);
  }
  history.note({ sessions: 200, ghosts: 0 });
  const sessions = history.minutes().map((minute) => minute.sessions);
  expect(sessions).toEqual(Array.from({ length: 61 }, (_, index) => 140 + index));
  clock.wallOffset -= 10 * MINUTE_MS;
  history.note({ sessions: 300, ghosts: 0 });
  expect(history.minutes().at(-1)).toMatchObject({ sessions: 300 });
  clock.stall(3 * 60 * MINUTE_MS);
  expect(history.minutes()).toHaveLength(1);
});
