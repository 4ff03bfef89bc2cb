import { describe, expect, it } from "vitest";
import {
  LONGEST_BOTH_MS,
  LONGEST_CHANGE_MS,
  MediaTabChange,
  type SentTrack,
} from "../../../src/media/rtp/tab-change.js";
import { ManualClock } from "../../support/manual-clock.js";

type Track = { -readonly [K in keyof SentTrack]: SentTrack[K] };

function track(id: string, changes: Partial<Track> = {}): Track {
  const [kind, source] = id.startsWith("mic") ? (["audio", "mic"] as const) : (["video", "camera"] as const);
  return { id, kind, appData: { source }, paused: false, closed: false, score: [], ...changes };
}

/** The tab before sends these, and each of them has a receiver. */
function change(...producers: Track[]) {
  const clock = new ManualClock();
  const happened: string[] = [];
  const next: Track[] = [];
  const consumed = new Set(producers.map(({ id }) => id));
  let whole = true;
  const tabChange = new MediaTabChange(clock, {
    producers,
    isWhole: () => whole,
    next: () => next,
    isConsumed: (id) => consumed.has(id),
    stop: (producer) => {
      producer.closed = true;
      happened.push(`stopped ${producer.id}`);
    },
    over: () => happened.push("over"),
    undone: () => happened.push("undone"),
  });
  return { clock, happened, next, consumed, tabChange, lose: () => (whole = false) };
}

const carries = (producer: Track) => void (producer.score = [{ encodingIdx: 0, ssrc: 1, score: 10 }]);

describe("a change of tabs", () => {
  it("is over when the new producer carries media and nobody receives the old one any more", async () => {
    const { clock, happened, next, consumed } = change(track("mic-1"));
    await clock.advance(1_000);
    const mic = track("mic-2");
    next.push(mic);
    await clock.advance(1_000);
    consumed.clear();
    await clock.advance(500);
    expect(happened).toEqual([]);
    carries(mic);
    await clock.advance(100);
    expect(happened).toEqual(["over"]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("leaves receivers two seconds from the first packet to go over", async () => {
    const { clock, happened, next } = change(track("mic-1"));
    next.push(track("mic-2"));
    await clock.advance(1_000);
    for (const mic of next) carries(mic);
    await clock.advance(LONGEST_BOTH_MS);
    expect(happened).toEqual([]);
    await clock.advance(200);
    expect(happened).toEqual(["over"]);
  });

  it("waits for the successor of each producer, of the same source and kind", async () => {
    const { clock, happened, next, consumed } = change(track("mic-1"), track("camera-1"));
    consumed.clear();
    next.push(track("mic-2", { kind: "video" }), track("camera-2", { appData: { source: "screen" } }));
    for (const other of next) carries(other);
    await clock.advance(1_000);
    expect(happened).toEqual([]);
    next.push(track("mic-3"), track("camera-3"));
    carries(next[2] as Track);
    await clock.advance(1_000);
    expect(happened).toEqual([]);
    carries(next[3] as Track);
    await clock.advance(100);
    expect(happened).toEqual(["over"]);
  });

  it("ends after five seconds when nothing comes", async () => {
    const { clock, happened } = change(track("mic-1"));
    await clock.advance(LONGEST_CHANGE_MS - 100);
    expect(happened).toEqual([]);
    await clock.advance(100);
    expect(happened).toEqual(["over"]);
  });

  it("stops a producer whose successor is muted, at once and alone", async () => {
    const { clock, happened, next } = change(track("mic-1"), track("camera-1"));
    next.push(track("mic-2", { paused: true }));
    await clock.advance(1_000);
    expect(happened).toEqual(["stopped mic-1"]);
  });

  it("stops a producer whose successor has come and ended", async () => {
    const { clock, happened, next } = change(track("mic-1"), track("camera-1"));
    next.push(track("mic-2"));
    await clock.advance(200);
    next.pop();
    await clock.advance(100);
    expect(happened).toEqual(["stopped mic-1"]);
  });

  it("is over when all that goes on was closed", async () => {
    const mic = track("mic-1");
    const { clock, happened } = change(mic);
    mic.closed = true;
    await clock.advance(100);
    expect(happened).toEqual(["over"]);
  });

  it("can be finished at any time, once", async () => {
    const { clock, happened, tabChange } = change(track("mic-1"));
    tabChange.finish();
    tabChange.finish();
    expect(tabChange.undo()).toBe(false);
    await clock.advance(LONGEST_CHANGE_MS);
    expect(happened).toEqual(["over"]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("can be undone at any time, once, and says whether all is still there", async () => {
    const { clock, happened, tabChange } = change(track("mic-1"));
    expect(tabChange.undo()).toBe(true);
    tabChange.finish();
    await clock.advance(LONGEST_CHANGE_MS);
    expect(happened).toEqual(["undone"]);

    const muted = change(track("mic-1"), track("camera-1"));
    muted.next.push(track("mic-2", { paused: true }));
    await muted.clock.advance(100);
    expect(muted.tabChange.undo()).toBe(false);

    const lost = change(track("mic-1"));
    lost.lose();
    expect(lost.tabChange.undo()).toBe(false);
  });
});
