import { expect, test } from "vitest";
import { Superseded } from "../../../src/media/rtp/superseded.js";
import { ManualClock } from "../../support/manual-clock.js";

class Wire {
  readonly direction: "send" | "recv";
  up = true;
  lost = false;

  constructor(direction: "send" | "recv") {
    this.direction = direction;
  }

  lose(): void {
    [this.up, this.lost] = [false, true];
  }

  comeBack(): void {
    [this.up, this.lost] = [true, false];
  }
}

function watch(...wires: Wire[]): { found: Wire[]; review: () => void; pass: (ms: number) => Promise<void> } {
  const clock = new ManualClock();
  const found: Wire[] = [];
  const superseded = new Superseded<Wire>({ clock, afterMs: 30_000, found: (wire) => found.push(wire) });
  return {
    found,
    review: () => superseded.review(wires.filter((wire) => !found.includes(wire))),
    pass: (ms) => clock.advance(ms),
  };
}

test("a lost transport is replaced when another one in its direction has been up for long", async () => {
  const [old, other] = [new Wire("send"), new Wire("send")];
  const { found, review, pass } = watch(old, other);
  old.lose();
  review();
  await pass(29_999);
  expect(found).toEqual([]);
  await pass(1);
  expect(found).toEqual([old]);
});

test("a network that changes replaces nothing: all are lost at once, or come back in time", async () => {
  const [one, two] = [new Wire("send"), new Wire("send")];
  const { found, review, pass } = watch(one, two);
  one.lose();
  review();
  await pass(10_000);
  two.lose();
  review();
  await pass(60_000);
  one.comeBack();
  review();
  await pass(20_000);
  two.comeBack();
  review();
  await pass(60_000);
  expect(found).toEqual([]);
});

test("what goes the other way replaces nothing", async () => {
  const [sending, receiving] = [new Wire("send"), new Wire("recv")];
  const { found, review, pass } = watch(sending, receiving);
  sending.lose();
  review();
  await pass(60_000);
  expect(found).toEqual([]);
});
