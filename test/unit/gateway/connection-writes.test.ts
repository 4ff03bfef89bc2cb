import { expect, test } from "vitest";
import type { ClientSocket } from "../../../src/gateway/client-socket.js";
import { Connection } from "../../../src/gateway/connection.js";
import type { FrameSink } from "../../../src/gateway/frame-sink.js";
import { LineSource } from "../../../src/gateway/line-sources.js";
import { Outbox } from "../../../src/gateway/outbox.js";
import { RateLimit } from "../../../src/gateway/budget/rate-limit.js";

/** A connection, and what it does to the socket under it, in order. */
function setUp() {
  const steps: string[] = [];
  let readAll = (): void => {};
  const outbox = new Outbox(() => new Promise((resolve) => (readAll = resolve)));
  const socket: ClientSocket = {
    bufferedAmount: 0,
    readBy: () => {},
    sendText: (text) => steps.push(text.toString()),
    ping: () => {},
    pong: () => {},
    close: () => {},
    terminate: () => {},
  };
  const line = {
    readableEnded: false,
    errored: null,
    cork: () => steps.push("cork"),
    uncork: () => steps.push("uncork"),
  };
  const sink = { outbox } as Partial<FrameSink<Connection>> as FrameSink<Connection>;
  const origin = { place: undefined, line, source: new LineSource("192.0.2.1") };
  const connection = new Connection(socket, sink, new RateLimit(100, 0), origin);
  const afterReading = async (): Promise<void> => {
    readAll();
    await Promise.resolve();
  };
  return { connection, steps, afterReading };
}

test("an answer is written at once", () => {
  const { connection, steps } = setUp();
  connection.reply("answer");
  expect(steps).toEqual(["answer"]);
});

test("an answer that is held back goes out in one write with the events that follow it, when everything is read", async () => {
  const { connection, steps, afterReading } = setUp();
  connection.holdBack();
  connection.reply("answer");
  connection.send("event");
  expect(steps).toEqual(["cork", "answer", "event"]);
  await afterReading();
  expect(steps).toEqual(["cork", "answer", "event", "uncork"]);
  connection.reply("next answer");
  expect(steps.at(-1)).toBe("next answer");
});

test("what is held back counts in bytes, so that 1 MiB of any language goes out at once", () => {
  const { connection, steps } = setUp();
  connection.holdBack();
  connection.reply("ä".repeat(512 * 1024));
  expect(steps.at(-1)).not.toBe("uncork");
  connection.reply("ä");
  expect(steps.at(-1)).toBe("uncork");
});
