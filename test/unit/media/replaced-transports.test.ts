import { expect, test } from "vitest";
import { ReplacedTransports } from "../../../src/media/rtp/replaced-transports.js";
import { ManualClock } from "../../support/manual-clock.js";

class FakeTransport {
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

function watch(...transports: FakeTransport[]): {
  found: FakeTransport[];
  review: () => void;
  pass: (ms: number) => Promise<void>;
} {
  const clock = new ManualClock();
  const found: FakeTransport[] = [];
  const replaced = new ReplacedTransports<FakeTransport>({
    clock,
    afterMs: 30_000,
    onReplaced: (transport) => found.push(transport),
  });
  return {
    found,
    review: () => replaced.review(transports.filter((transport) => !found.includes(transport))),
    pass: (ms) => clock.advance(ms),
  };
}

test("a lost transport counts as replaced when another one in its direction has been up for long", async () => {
  const [old, other] = [new FakeTransport("send"), new FakeTransport("send")];
  const { found, review, pass } = watch(old, other);
  old.lose();
  review();
  await pass(29_999);
  expect(found).toEqual([]);
  await pass(1);
  expect(found).toEqual([old]);
});

test("a change of network replaces no transport: all are lost at once, or come back in time", async () => {
  const [one, two] = [new FakeTransport("send"), new FakeTransport("send")];
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

test("a transport in the other direction replaces no lost transport", async () => {
  const [sending, receiving] = [new FakeTransport("send"), new FakeTransport("recv")];
  const { found, review, pass } = watch(sending, receiving);
  sending.lose();
  review();
  await pass(60_000);
  expect(found).toEqual([]);
});
