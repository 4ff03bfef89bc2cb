import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { GIVEN_UP } from "../../../src/session/events.js";
import { CAUSES as CAUSE_CODES } from "../../../src/session/verdict.js";
import { evidenceWords } from "../../../src/web/ops/evidence-words.js";
import { ServerClock } from "../../../src/web/ops/server-clock.js";
import { readHealth, readSession, readTimeline } from "../../../src/web/ops/shapes.js";
import { STEPS, stepWords } from "../../../src/web/ops/step-words.js";
import { CAUSES, drainWords, duration, reasonWords } from "../../../src/web/ops/words.js";

const source = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../../src/${path}`, import.meta.url)), "utf8");

test("the operator page has words for every cause, and for no other", () => {
  expect(Object.keys(CAUSES).toSorted()).toEqual([...CAUSE_CODES].toSorted());
});

test("the operator page has words for every step that is written into a timeline, and for no other", () => {
  const journal = source("observability/journal.ts").replaceAll(/\.on\("\w+"|#log\S*\(.*$/gm, "");
  const words = "session|joined|left|transfer|directory|socket|away|back|ghost|cleanup|call";
  const named = [...journal.matchAll(new RegExp(`"((?:${words})\\b[a-z ]*)"`, "g"))].map(([, step = ""]) => step);
  const ofCalls = [...source("session/events.ts").matchAll(/"(call [a-z]+)"/g)].map(([, step = ""]) => step);
  expect(Object.keys(STEPS).toSorted()).toEqual([...new Set([...named, ...ofCalls])].toSorted());
});

test("a session that goes on elsewhere is not said to be lost", () => {
  for (const why of GIVEN_UP) expect(reasonWords(why)).toMatch(/another node.*goes on/);
  const adopted = (detail: object) => stepWords({ at: 0, step: "session adopted", detail: { ...detail } }).text;
  expect(adopted({})).toBe("It was handed over to this node");
  expect(adopted({ fromNodeId: "b" })).toBe("This node took it over from node b");
});

test("a drain is told with the sessions that are left", () => {
  const words = (draining: boolean, sessions: number) => drainWords(readHealth({ draining, sessions }));
  expect([words(false, 7), words(true, 7), words(true, 1), words(true, 0)]).toEqual([
    "",
    "Draining: 7 sessions left",
    "Draining: 1 session left",
    "Drained",
  ]);
});

test("a step or a cause that the page does not know is shown as it is", () => {
  const [known, unknown] = readTimeline({
    entries: [
      { at: 1, step: "away", detail: { reason: "struck_by_lightning" } },
      { at: 2, step: "sang a song", detail: {} },
    ],
  }).map(stepWords);
  expect(known?.text).toBe("Shown as away: struck_by_lightning");
  expect(unknown?.text).toBe("sang a song");
});

test("an answer of another kind than expected becomes empty and breaks nothing", () => {
  for (const odd of [undefined, null, 7, "x", [], { evidence: 1, verdict: [], media: "m", end: 5, name: { a: 1 } }]) {
    const session = readSession(odd);
    expect(session).toMatchObject({ name: "", changesInMs: 0, end: null, roomId: null });
    expect(evidenceWords(session.evidence, 0, "ago").length).toBeGreaterThan(0);
  }
});

test.each([
  [-5, "0.0 s"],
  [420, "0.4 s"],
  [999, "1 s"],
  [99_000, "99 s"],
  [120_000, "2 min"],
  [7_200_000, "2 h"],
  [172_800_000, "2 days"],
])("%i ms are “%s”", (ms, words) => expect(duration(ms)).toBe(words));

test("the service's clock is known better with each answer, and anew when one of the clocks was set", () => {
  let now = 10_000_000;
  const ahead = 3_600_000;
  const clock = new ServerClock(() => now);
  const answer = (offset: number): void => {
    const askedAt = now;
    now += 10;
    clock.heard(new Date(Math.floor((now + offset) / 1000) * 1000).toUTCString(), askedAt);
  };
  for (let i = 0; i < 40; i++) {
    now += 2_130;
    answer(ahead);
  }
  expect(Math.abs(clock.now() - now - ahead)).toBeLessThan(60);
  now += 2_000;
  answer(-ahead);
  expect(Math.abs(clock.now() - now + ahead)).toBeLessThan(1_000);
  clock.heard("not a date", now);
  clock.heard(null, now);
  expect(Math.abs(clock.now() - now + ahead)).toBeLessThan(1_000);
});
