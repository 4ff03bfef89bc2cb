import { expect, test } from "vitest";
import type { Connection } from "../../../src/gateway/connection.js";
import { SocketWatch } from "../../../src/gateway/socket-watch.js";
import { ExpiryEntry } from "../../../src/kernel/expiry-list.js";
import { VirtualTime } from "../../../src/kernel/virtual-time.js";
import { ManualClock } from "../../support/manual-clock.js";

/** A connection as the watch sees it. */
class FakeConnection {
  unansweredPings = 0;
  canBePinged = true;
  isSilent = false;
  isOpen = true;
  session: { isWatched: boolean } | undefined = undefined;
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
  const pace = { pingMs: 3_000 };
  const silent: unknown[] = [];
  const answers: unknown[] = [];
  const watch = new SocketWatch({
    time,
    helloTimeoutMs: 10_000,
    pingIntervalMs: 15_000,
    watchedPace: pace,
    signs: { silent: (connection) => silent.push(connection), answers: (connection) => answers.push(connection) },
  });
  const run = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 250) {
      await clock.advance(250);
      time.tick();
      watch.advance();
    }
  };
  const open = (session?: { isWatched: boolean }) => {
    const connection = new FakeConnection();
    connection.session = session;
    watch.opened(connection.asConnection);
    return connection;
  };
  return { clock, time, watch, run, open, silent, answers, pace };
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

test("a socket that nobody watches is pinged now and then; two pings without an answer make it silent", async () => {
  const { watch, run, open, silent } = setUp();
  const [answering, dead] = [open(), open()];
  for (const connection of [answering, dead]) watch.saidHello(connection.asConnection);
  for (let n = 1; n <= 2; n += 1) {
    await run(15_000);
    expect([answering.pings, dead.pings]).toEqual([n, n]);
    watch.heard(answering.asConnection);
  }
  await run(7_750);
  expect(silent).toEqual([]);
  await run(250);
  expect(silent).toEqual([dead]);
  expect(watch.counts).toEqual({ answered: 2, unanswered: 2 });
  for (let n = 0; n < 20; n += 1) {
    watch.heard(answering.asConnection);
    await run(15_000);
  }
  expect(silent).toEqual([dead]);
  expect(dead.end).toBeUndefined();
});

test("a watched socket is pinged 4 s and 7 s after its last sign of life, and is silent after 8.75 s", async () => {
  const { watch, run, open, silent } = setUp();
  const connection = open({ isWatched: true });
  watch.saidHello(connection.asConnection);
  await run(3_750);
  expect(connection.pings).toBe(0);
  await run(250);
  expect(connection.pings).toBe(1);
  watch.heard(connection.asConnection);
  await run(4_000);
  expect(connection.pings).toBe(2);
  await run(3_000);
  expect(connection.pings).toBe(3);
  await run(1_500);
  expect(silent).toEqual([]);
  await run(250);
  expect(silent).toEqual([connection]);
});

test("a watched socket that speaks every 3.5 s is never pinged", async () => {
  const { watch, run, open } = setUp();
  const connection = open({ isWatched: true });
  watch.saidHello(connection.asConnection);
  for (let beat = 0; beat < 20; beat += 1) {
    await run(3_500);
    watch.spoke(connection.asConnection);
  }
  expect(connection.pings).toBe(0);
});

test("passes that come a little late do not add up, and one that comes very late shortens no time for an answer", async () => {
  const { clock, time, watch, run, open, silent } = setUp();
  const passAfter = async (ms: number) => {
    await clock.advance(ms);
    time.tick();
    watch.advance();
  };
  const [dead, late] = [open({ isWatched: true }), open({ isWatched: true })];
  watch.saidHello(dead.asConnection);
  await run(3_750);
  await passAfter(240);
  await passAfter(240);
  expect(dead.pings).toBe(1);
  await run(2_500);
  await passAfter(260);
  await passAfter(240);
  expect(dead.pings).toBe(2);
  await run(1_500);
  await passAfter(240);
  // After 8.97 s.
  expect(silent).toEqual([dead]);
  watch.saidHello(late.asConnection);
  await run(3_750);
  await passAfter(240);
  await passAfter(490);
  expect(late.pings).toBe(1);
  await run(2_500);
  await passAfter(200);
  expect(late.pings).toBe(1);
});

test("a message puts off the next ping, and a pong that nobody asked for does not", async () => {
  const { watch, run, open } = setUp();
  const [speaking, ponging] = [open({ isWatched: true }), open({ isWatched: true })];
  for (const connection of [speaking, ponging]) watch.saidHello(connection.asConnection);
  await run(3_000);
  watch.spoke(speaking.asConnection);
  watch.heard(ponging.asConnection);
  await run(1_000);
  expect([speaking.pings, ponging.pings]).toEqual([0, 1]);
  await run(3_000);
  expect([speaking.pings, ponging.pings]).toEqual([1, 2]);
});

test.each([
  { who: "watched sockets that fall due within 250 ms", isWatched: true, silenceMs: 4_000, apartMs: 250 },
  { who: "other sockets that fall due within 3 s", isWatched: false, silenceMs: 15_000, apartMs: 3_000 },
])("$who are pinged together, and none of them later than alone", async ({ isWatched, silenceMs, apartMs }) => {
  const { watch, run, open } = setUp();
  const [first, second, third] = [open({ isWatched }), open({ isWatched }), open({ isWatched })];
  const connections = [first, second, third];
  const pings = () => connections.map((connection) => connection.pings);
  watch.saidHello(first.asConnection);
  await run(apartMs);
  watch.saidHello(second.asConnection);
  await run(250);
  watch.saidHello(third.asConnection);
  await run(silenceMs - apartMs - 500);
  expect(pings()).toEqual([0, 0, 0]);
  await run(250);
  expect(pings()).toEqual([1, 1, 0]);
  for (const connection of connections) watch.heard(connection.asConnection);
  await run(apartMs);
  expect(pings()).toEqual([1, 1, 0]);
  await run(250);
  expect(pings()).toEqual([1, 1, 1]);
});

test("a silent socket stays open without further pings, and whatever comes from it takes the silence back", async () => {
  const { watch, run, open, silent, answers } = setUp();
  const connection = open({ isWatched: true });
  watch.saidHello(connection.asConnection);
  await run(30_000);
  expect([connection.pings, silent.length, connection.end]).toEqual([2, 1, undefined]);
  watch.heard(connection.asConnection);
  expect(answers).toEqual([connection]);
  watch.heard(connection.asConnection);
  expect(answers.length).toBe(1);
  await run(4_000);
  expect(connection.pings).toBe(3);
});

test("when somebody begins to watch, the next ping comes at the shorter interval, and the other way round", async () => {
  const { watch, run, open } = setUp();
  const session = { isWatched: false };
  const connection = open(session);
  watch.saidHello(connection.asConnection);
  await run(5_000);
  session.isWatched = true;
  watch.paceChanged(connection.asConnection);
  await run(3_750);
  expect(connection.pings).toBe(0);
  await run(250);
  expect(connection.pings).toBe(1);
  watch.heard(connection.asConnection);
  session.isWatched = false;
  watch.paceChanged(connection.asConnection);
  await run(4_000);
  // The ping that was due comes as planned.
  expect(connection.pings).toBe(2);
  watch.heard(connection.asConnection);
  await run(14_750);
  expect(connection.pings).toBe(2);
  await run(250);
  expect(connection.pings).toBe(3);
});

test("when somebody begins to watch a socket that owes an answer, the second ping comes at the shorter interval", async () => {
  const { watch, run, open, silent } = setUp();
  const session = { isWatched: false };
  const connection = open(session);
  watch.saidHello(connection.asConnection);
  await run(16_000);
  session.isWatched = true;
  watch.paceChanged(connection.asConnection);
  await run(3_000);
  expect(connection.pings).toBe(2);
  await run(1_750);
  expect(silent).toEqual([connection]);
});

test("with many watched sessions the interval is longer, but never longer than for others", async () => {
  const { watch, run, open, pace } = setUp();
  pace.pingMs = 6_000;
  const connection = open({ isWatched: true });
  watch.saidHello(connection.asConnection);
  await run(7_750);
  expect(connection.pings).toBe(0);
  await run(250);
  expect(connection.pings).toBe(1);
  pace.pingMs = 60_000;
  watch.heard(connection.asConnection);
  await run(14_750);
  expect(connection.pings).toBe(1);
  await run(250);
  expect(connection.pings).toBe(2);
});

test("a socket that must answer at once gets a ping at once, and is silent when it does not answer in time", async () => {
  const { watch, run, open, silent } = setUp();
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
  expect(silent).toEqual([dead]);
  await run(15_000);
  expect(answering.pings).toBe(2);
});

test("a socket that the service has closed is not pinged and does not become silent", async () => {
  const { watch, run, open, silent } = setUp();
  const connection = open({ isWatched: true });
  watch.saidHello(connection.asConnection);
  connection.isOpen = false;
  await run(60_000);
  expect([connection.pings, silent]).toEqual([0, []]);
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
