import { describe, expect, test } from "vitest";
import { MessageNumbers } from "../../../src/redis/message-numbers.js";

function begun(sent = 0): MessageNumbers {
  const numbers = new MessageNumbers();
  expect(numbers.compared("a@1", sent)).toBe(false);
  return numbers;
}

describe("the numbers of messages to this node", () => {
  test("messages that follow each other are no loss, and a skipped number is one, once", () => {
    const numbers = begun(5);
    expect([6, 7, 9, 10].map((nth) => numbers.arrived("a@1", nth))).toEqual([false, false, true, false]);
  });

  test("what has been sent and has not arrived is lost at the second comparison, once", () => {
    const numbers = begun();
    expect(numbers.arrived("a@1", 1)).toBe(false);
    expect([3, 3, 3].map((sent) => numbers.compared("a@1", sent))).toEqual([false, true, false]);
    expect(numbers.arrived("a@1", 4)).toBe(false);
  });

  test("what arrives between the two comparisons is not lost", () => {
    const numbers = begun();
    expect(numbers.compared("a@1", 2)).toBe(false);
    expect([1, 2].map((nth) => numbers.arrived("a@1", nth))).toEqual([false, false]);
    expect(numbers.compared("a@1", 2)).toBe(false);
  });

  test("numbers of another lease mean nothing, and a new lease begins with what it says", () => {
    const numbers = begun();
    expect(numbers.arrived("a@0", 7)).toBe(false);
    expect(numbers.arrived("a@1", 1)).toBe(false);
    expect(numbers.compared("a@2", 3)).toBe(false);
    expect([numbers.arrived("a@1", 9), numbers.arrived("a@2", 4)]).toEqual([false, false]);
  });

  test("a number that goes back comes from a store that has forgotten: that is a loss", () => {
    const numbers = begun(8);
    expect([1, 2].map((nth) => numbers.arrived("a@1", nth))).toEqual([true, false]);
  });

  test("after a break the next number counts, whatever it is", () => {
    const numbers = begun();
    numbers.broken();
    expect([numbers.arrived("a@1", 5), numbers.arrived("a@1", 6)]).toEqual([false, false]);
    numbers.broken();
    expect([9, 9].map((sent) => numbers.compared("a@1", sent))).toEqual([false, false]);
    expect(numbers.arrived("a@1", 10)).toBe(false);
  });
});
