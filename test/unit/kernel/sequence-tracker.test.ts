import { describe, expect, test } from "vitest";
import { SequenceTracker } from "../../../src/kernel/sequence-tracker.js";

const fine = { inOrder: true, missed: false };
const afterGap = { inOrder: true, missed: true };
const late = { inOrder: false, missed: false };

/** One that has received the first messages of a stream. */
function trackerAt(seq: number): SequenceTracker {
  const tracker = new SequenceTracker();
  for (let n = 1; n <= seq; n += 1) expect(tracker.arrived("s1", n)).toEqual(fine);
  return tracker;
}

describe("numbers", () => {
  test("that follow each other are fine", () => {
    trackerAt(5);
  });

  test("that are skipped are missed, once", () => {
    const tracker = trackerAt(2);
    expect(tracker.arrived("s1", 5)).toEqual(afterGap);
    expect(tracker.arrived("s1", 6)).toEqual(fine);
    expect(tracker.arrived("s1", 8)).toEqual(afterGap);
  });

  test("that come late are not taken", () => {
    const tracker = trackerAt(2);
    tracker.arrived("s1", 5);
    expect(tracker.arrived("s1", 3)).toEqual(late);
    expect(tracker.arrived("s1", 5)).toEqual(late);
  });

  test("of a sender that is not heard from its beginning are missed", () => {
    expect(new SequenceTracker().arrived("s1", 3)).toEqual(afterGap);
  });

  test("begin at one again when the sender was restarted", () => {
    const tracker = trackerAt(7);
    expect(tracker.arrived("s2", 1)).toEqual(fine);
    expect(tracker.arrived("s2", 2)).toEqual(fine);
  });

  test("of a restarted sender may be missed, too", () => {
    expect(trackerAt(7).arrived("s2", 2)).toEqual(afterGap);
    expect(trackerAt(7).arrived("s2", 9)).toEqual(afterGap);
  });
});

describe("what a sender says", () => {
  test("agrees with what has arrived, or is older", () => {
    const tracker = trackerAt(5);
    for (const sent of [3, 5, 5]) expect(tracker.compared(10, sent)).toBe(false);
  });

  test("may be ahead of what is on the way, for once", () => {
    const tracker = trackerAt(5);
    expect(tracker.compared(10, 7)).toBe(false);
    tracker.arrived("s1", 6);
    tracker.arrived("s1", 7);
    expect(tracker.compared(10, 7)).toBe(false);
  });

  test("is lost when it has not arrived by the next time, and only once", () => {
    const tracker = trackerAt(5);
    expect(tracker.compared(10, 7)).toBe(false);
    expect(tracker.compared(10, 9)).toBe(true);
    expect(tracker.compared(10, 9)).toBe(true);
    expect(tracker.compared(10, 9)).toBe(false);
    expect(tracker.arrived("s1", 10)).toEqual(fine);
  });

  test("is lost when a part of it has not arrived by the next time", () => {
    const tracker = trackerAt(5);
    tracker.compared(10, 7);
    tracker.arrived("s1", 6);
    expect(tracker.compared(10, 7)).toBe(true);
    expect(tracker.arrived("s1", 7)).toEqual(late);
  });

  test("of a sender that was never heard is lost", () => {
    const tracker = new SequenceTracker();
    expect(tracker.compared(10, 4)).toBe(false);
    expect(tracker.compared(10, 4)).toBe(true);
    expect(tracker.arrived("s1", 5)).toEqual(fine);
  });

  test("under an older lease is not looked at", () => {
    const tracker = trackerAt(5);
    expect(tracker.compared(11, 5)).toBe(false);
    expect(tracker.compared(10, 50)).toBe(false);
    expect(tracker.compared(10, 50)).toBe(false);
    expect(tracker.compared(11, 5)).toBe(false);
  });

  test("goes on under a new lease of the same run", () => {
    const tracker = trackerAt(5);
    tracker.compared(10, 5);
    expect(tracker.compared(11, 5)).toBe(false);
    expect(tracker.arrived("s1", 6)).toEqual(fine);
  });

  test("shows that a restarted sender's first messages are lost", () => {
    const tracker = trackerAt(5);
    tracker.compared(10, 5);
    expect(tracker.compared(11, 2)).toBe(false);
    expect(tracker.compared(11, 2)).toBe(true);
    expect(tracker.arrived("s2", 3)).toEqual(fine);
  });

  test("after a restart may be behind what has arrived of the new run", () => {
    const tracker = trackerAt(5);
    tracker.compared(10, 5);
    for (const seq of [1, 2, 3]) expect(tracker.arrived("s2", seq)).toEqual(fine);
    expect(tracker.compared(11, 1)).toBe(false);
    expect(tracker.arrived("s2", 4)).toEqual(fine);
  });

  test("while the old lease of a restarted sender is still there, is not taken for a loss", () => {
    const tracker = trackerAt(5);
    tracker.compared(10, 5);
    tracker.arrived("s2", 1);
    for (let round = 0; round < 3; round += 1) {
      expect(tracker.compared(10, 5)).toBe(false);
      expect(tracker.compared(11, 1)).toBe(false);
    }
  });
});

describe("after a break", () => {
  test("the next number is where it goes on", () => {
    const tracker = trackerAt(5);
    tracker.broken();
    expect(tracker.arrived("s1", 9)).toEqual(fine);
    expect(tracker.arrived("s1", 11)).toEqual(afterGap);
  });

  test("the sender may have been restarted", () => {
    const tracker = trackerAt(5);
    tracker.broken();
    expect(tracker.arrived("s2", 4)).toEqual(fine);
  });

  test("what is said twice without anything arriving is where it goes on", () => {
    const tracker = trackerAt(5);
    tracker.broken();
    expect(tracker.compared(10, 9)).toBe(false);
    expect(tracker.compared(10, 9)).toBe(false);
    expect(tracker.arrived("s1", 11)).toEqual(afterGap);
  });

  test("a message that was on the way when the sender spoke is taken", () => {
    const tracker = trackerAt(5);
    tracker.broken();
    tracker.compared(10, 9);
    expect(tracker.arrived("s1", 9)).toEqual(fine);
    expect(tracker.compared(10, 9)).toBe(false);
  });

  test("losses are found again", () => {
    const tracker = trackerAt(5);
    tracker.broken();
    tracker.arrived("s1", 9);
    tracker.compared(10, 12);
    expect(tracker.compared(10, 12)).toBe(true);
  });
});
