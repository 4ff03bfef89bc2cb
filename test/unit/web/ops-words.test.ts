import { expect, test } from "vitest";
import { CAUSES, GIVEN_UP, LEAVE_REASONS, TIMELINE_STEPS } from "@lastseen/protocol";
import { evidenceWords } from "../../../src/web/ops/evidence-words.js";
import { ServerClock } from "../../../src/web/ops/server-clock.js";
import { readHealth, readSession, readTimeline } from "../../../src/web/ops/shapes.js";
import { stepWords } from "../../../src/web/ops/step-words.js";
import { causeWords, drainWords, duration, reasonWords } from "../../../src/web/ops/words.js";

test("the operator page has words for every cause, reason and timeline step", () => {
  for (const cause of Object.keys(CAUSES)) expect(causeWords(cause)).not.toBe(cause);
  for (const reason of [...LEAVE_REASONS, ...GIVEN_UP]) expect(reasonWords(reason)).not.toBe(reason);
  for (const step of TIMELINE_STEPS) expect(stepWords({ at: 0, step, detail: {} }).text).not.toBe(step);
});

const NOTHING_KNOWN = {
  lastSeenAt: 40_000,
  socket: "open",
  detachedAt: null,
  detachKind: null,
  closeCode: null,
  lastPongAt: null,
  goodbyeAt: null,
  media: null,
  mediaAt: null,
  mediaLostAt: null,
  mediaLostBy: null,
  visibility: null,
};

test.each([
  [
    "a session of which little is known",
    {},
    [
      "Its last message came 20 s ago",
      "Its socket is open; no WebSocket pong yet (a client that speaks is not pinged)",
      "No media was connected, so that media tells nothing",
    ],
  ],
  [
    "a session that lost everything",
    {
      socket: "closed",
      detachedAt: 50_000,
      detachKind: "connection_lost",
      closeCode: 1006,
      lastPongAt: 30_000,
      goodbyeAt: 51_000,
      media: "lost",
      mediaAt: 55_000,
      mediaLostAt: 52_000,
      mediaLostBy: "ice",
      visibility: "hidden",
    },
    [
      "Its last message came 20 s ago",
      "Its socket closed 10 s ago with code 1006 (the connection broke)",
      "Its page said goodbye 9 s ago",
      "Its media was lost 8 s ago, as ICE told",
      "The page said that it is hidden: its timers may be throttled",
    ],
  ],
  [
    "a session of a newer service",
    { closeCode: 4999, socket: "closed", media: "muted", visibility: "asleep" },
    ["Its last message came 20 s ago", "Its socket closed with code 4999", "Media: muted", "asleep"],
  ],
])("the evidence of %s in sentences", (_what, evidence, sentences) => {
  const session = readSession({ evidence: { ...NOTHING_KNOWN, ...evidence } });
  expect(evidenceWords(session.evidence, 60_000, "ago")).toEqual(sentences);
});

test("the evidence for a ghost is told in short", () => {
  const told = (evidence: object) => stepWords({ at: 0, step: "ghost found", detail: { evidence } }).text;
  expect(told({ silentMs: 21_167, socket: "connection_lost", saidGoodbye: false, mediaLost: false })).toBe(
    "Found to be a ghost (silent for 21 s)",
  );
  expect(told({ silentMs: 21_167, socket: "open", saidGoodbye: true, mediaLost: true, visibility: "hidden" })).toBe(
    "Found to be a ghost (silent for 21 s, its socket still open, it had said goodbye, its media lost or silent, its page last hidden)",
  );
  expect(told({ silentMs: "long", socket: 7, saidGoodbye: "yes" })).toBe("Found to be a ghost");
});

test("of a session that goes on on another node the page does not say that it is lost", () => {
  for (const why of GIVEN_UP) expect(reasonWords(why)).toMatch(/another node.*goes on/);
  const adopted = (detail: object) => stepWords({ at: 0, step: "session adopted", detail: { ...detail } }).text;
  expect(adopted({})).toBe("It was handed over to this node");
  expect(adopted({ fromNodeId: "b" })).toBe("This node took it over from node b");
});

test("the page says how many sessions a drain has left", () => {
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

test("an answer of an unexpected shape is read as empty", () => {
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

test("the page knows the service's clock better with each answer, and learns it again after a clock was set", () => {
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
