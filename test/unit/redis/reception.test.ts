import { describe, expect, test } from "vitest";
import { Reception } from "../../../src/redis/reception.js";

const fine = { inOrder: true, missed: false };
const afterGap = { inOrder: true, missed: true };
const late = { inOrder: false, missed: false };

/** One that has received the first messages of a stream. */
function receptionAt(seq: number): Reception {
  const reception = new Reception();
  for (let n = 1; n <= seq; n += 1) expect(reception.arrived("s1", n)).toEqual(fine);
  return reception;
}

describe("numbers", () => {
  test("that follow each other are fine", () => {
    receptionAt(5);
  });

  test("that are skipped are missed, once", () => {
    const reception = receptionAt(2);
    expect(reception.arrived("s1", 5)).toEqual(afterGap);
    expect(reception.arrived("s1", 6)).toEqual(fine);
    expect(reception.arrived("s1", 8)).toEqual(afterGap);
  });

  test("that come late are not taken", () => {
    const reception = receptionAt(2);
    reception.arrived("s1", 5);
    expect(reception.arrived("s1", 3)).toEqual(late);
    expect(reception.arrived("s1", 5)).toEqual(late);
  });

  test("of a sender that is not heard from its beginning are missed", () => {
    expect(new Reception().arrived("s1", 3)).toEqual(afterGap);
  });

  test("begin at one again when the sender was restarted", () => {
    const reception = receptionAt(7);
    expect(reception.arrived("s2", 1)).toEqual(fine);
    expect(reception.arrived("s2", 2)).toEqual(fine);
  });

  test("of a restarted sender may be missed, too", () => {
    expect(receptionAt(7).arrived("s2", 2)).toEqual(afterGap);
    expect(receptionAt(7).arrived("s2", 9)).toEqual(afterGap);
  });
});

describe("what a sender says", () => {
  test("agrees with what has arrived, or is older", () => {
    const reception = receptionAt(5);
    for (const sent of [3, 5, 5]) expect(reception.compared(10, sent)).toBe(false);
  });

  test("may be ahead of what is on the way, for once", () => {
    const reception = receptionAt(5);
    expect(reception.compared(10, 7)).toBe(false);
    reception.arrived("s1", 6);
    reception.arrived("s1", 7);
    expect(reception.compared(10, 7)).toBe(false);
  });

  test("is lost when it has not arrived by the next time, and only once", () => {
    const reception = receptionAt(5);
    expect(reception.compared(10, 7)).toBe(false);
    expect(reception.compared(10, 9)).toBe(true);
    expect(reception.compared(10, 9)).toBe(true);
    expect(reception.compared(10, 9)).toBe(false);
    expect(reception.arrived("s1", 10)).toEqual(fine);
  });

  test("is lost when a part of it has not arrived by the next time", () => {
    const reception = receptionAt(5);
    reception.compared(10, 7);
    reception.arrived("s1", 6);
    expect(reception.compared(10, 7)).toBe(true);
    expect(reception.arrived("s1", 7)).toEqual(late);
  });

  test("of a sender that was never heard is lost", () => {
    const reception = new Reception();
    expect(reception.compared(10, 4)).toBe(false);
    expect(reception.compared(10, 4)).toBe(true);
    expect(reception.arrived("s1", 5)).toEqual(fine);
  });

  test("under an older lease is not looked at", () => {
    const reception = receptionAt(5);
    expect(reception.compared(11, 5)).toBe(false);
    expect(reception.compared(10, 50)).toBe(false);
    expect(reception.compared(10, 50)).toBe(false);
    expect(reception.compared(11, 5)).toBe(false);
  });

  test("goes on under a new lease of the same run", () => {
    const reception = receptionAt(5);
    reception.compared(10, 5);
    expect(reception.compared(11, 5)).toBe(false);
    expect(reception.arrived("s1", 6)).toEqual(fine);
  });

  test("shows that a restarted sender's first messages are lost", () => {
    const reception = receptionAt(5);
    reception.compared(10, 5);
    expect(reception.compared(11, 2)).toBe(false);
    expect(reception.compared(11, 2)).toBe(true);
    expect(reception.arrived("s2", 3)).toEqual(fine);
  });

  test("after a restart may be behind what has arrived of the new run", () => {
    const reception = receptionAt(5);
    reception.compared(10, 5);
    for (const seq of [1, 2, 3]) expect(reception.arrived("s2", seq)).toEqual(fine);
    expect(reception.compared(11, 1)).toBe(false);
    expect(reception.arrived("s2", 4)).toEqual(fine);
  });

  test("while the old lease of a restarted sender is still there, is not taken for a loss", () => {
    const reception = receptionAt(5);
    reception.compared(10, 5);
    reception.arrived("s2", 1);
    for (let round = 0; round < 3; round += 1) {
      expect(reception.compared(10, 5)).toBe(false);
      expect(reception.compared(11, 1)).toBe(false);
    }
  });
});

describe("after a break", () => {
  test("the next number is where it goes on", () => {
    const reception = receptionAt(5);
    reception.broken();
    expect(reception.arrived("s1", 9)).toEqual(fine);
    expect(reception.arrived("s1", 11)).toEqual(afterGap);
  });

  test("the sender may have been restarted", () => {
    const reception = receptionAt(5);
    reception.broken();
    expect(reception.arrived("s2", 4)).toEqual(fine);
  });

  test("what is said twice without anything arriving is where it goes on", () => {
    const reception = receptionAt(5);
    reception.broken();
    expect(reception.compared(10, 9)).toBe(false);
    expect(reception.compared(10, 9)).toBe(false);
    expect(reception.arrived("s1", 11)).toEqual(afterGap);
  });

  test("a message that was on the way when the sender spoke is taken", () => {
    const reception = receptionAt(5);
    reception.broken();
    reception.compared(10, 9);
    expect(reception.arrived("s1", 9)).toEqual(fine);
    expect(reception.compared(10, 9)).toBe(false);
  });

  test("losses are found again", () => {
    const reception = receptionAt(5);
    reception.broken();
    reception.arrived("s1", 9);
    reception.compared(10, 12);
    expect(reception.compared(10, 12)).toBe(true);
  });
});
