import { expect, test } from "vitest";
import type { Connection } from "../../../src/gateway/connection.js";
import { SocketWatch } from "../../../src/gateway/socket-watch.js";
import { ExpiryEntry } from "../../../src/kernel/expiry-list.js";
import { VirtualTime } from "../../../src/kernel/virtual-time.js";
import { ManualClock } from "../../support/manual-clock.js";

/** A connection as the watch sees it. */
class FakeConnection {
  unansweredPings = 0;
  pings = 0;
  end: string | undefined = undefined;
  readonly expiry = new ExpiryEntry(this as unknown as Connection);
  pingSocket(): void {
    this.pings += 1;
  }
  close(name: string): void {
    this.end ??= name;
  }
  destroy(why: string): void {
    this.end ??= why;
    this.expiry.remove();
  }
  get asConnection(): Connection {
    return this as unknown as Connection;
  }
}

function setUp() {
  const clock = new ManualClock();
  const time = new VirtualTime(clock, 500);
  const watch = new SocketWatch({ time, helloTimeoutMs: 10_000, pingIntervalMs: 15_000 });
  const run = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 250) {
      await clock.advance(250);
      time.tick();
      watch.advance();
    }
  };
  const open = () => {
    const connection = new FakeConnection();
    watch.opened(connection.asConnection);
    return connection;
  };
  return { clock, time, watch, run, open };
}

test("without hello the socket is closed at its deadline, not earlier and not later, whatever it sends", async () => {
  const { watch, run, open } = setUp();
  const connection = open();
  await run(9_500);
  watch.heard(connection.asConnection);
  expect(connection.end).toBeUndefined();
  await run(500);
  expect(connection.end).toBe("helloTimeout");
});

test("after hello the socket is pinged regularly; answers keep it open, and two pings without an answer end it", async () => {
  const { watch, run, open } = setUp();
  const [answering, dead] = [open(), open()];
  for (const connection of [answering, dead]) watch.saidHello(connection.asConnection);
  for (let n = 1; n <= 2; n += 1) {
    await run(15_000);
    expect([answering.pings, dead.pings]).toEqual([n, n]);
    watch.heard(answering.asConnection);
  }
  await run(7_750);
  expect(dead.end).toBeUndefined();
  await run(250);
  expect(dead.end).toBe("two pongs missed");
  for (let n = 0; n < 20; n += 1) {
    watch.heard(answering.asConnection);
    await run(15_000);
  }
  expect(answering.end).toBeUndefined();
});

test("a socket that must answer at once gets a ping at once, and ends when it does not answer in time", async () => {
  const { watch, run, open } = setUp();
  const [answering, dead] = [open(), open()];
  for (const connection of [answering, dead]) {
    watch.saidHello(connection.asConnection);
    watch.demand(connection.asConnection, 5_000);
    expect(connection.pings).toBe(1);
    // Asking again while the answer is awaited puts nothing off.
    watch.demand(connection.asConnection, 60_000);
  }
  watch.heard(answering.asConnection);
  await run(5_000);
  expect(dead.end).toBe("no pong after media was lost");
  expect(answering.end).toBeUndefined();
  await run(15_000);
  expect(answering.pings).toBe(2);
});

test("a stall of the process ends no socket, because its time does not count", async () => {
  const { clock, time, watch, run, open } = setUp();
  const [fresh, pinged] = [open(), open()];
  watch.saidHello(pinged.asConnection);
  await run(5_000);
  clock.stall(3_600_000);
  time.tick();
  watch.advance();
  expect([fresh.end, pinged.end, pinged.pings]).toEqual([undefined, undefined, 0]);
  await run(4_000);
  expect(fresh.end).toBeUndefined();
  await run(1_000);
  expect(fresh.end).toBe("helloTimeout");
});

test("a socket that has ended is forgotten", async () => {
  const { watch, run, open } = setUp();
  const connection = open();
  watch.closed(connection.asConnection);
  await run(60_000);
  expect([connection.end, connection.pings]).toEqual([undefined, 0]);
});
