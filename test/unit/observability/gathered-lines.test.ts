import { expect, test } from "vitest";
import { pino } from "pino";
import { GatheredLines } from "../../../src/observability/gathered-lines.js";
import { until } from "../../support/until.js";

function gathering() {
  const writes: string[] = [];
  let synced = 0;
  const lines = new GatheredLines({ write: (text) => writes.push(text), flushSync: () => (synced = writes.length) });
  return { writes, synced: () => synced, lines, log: pino({ base: null, timestamp: false }, lines) };
}

test("lines of one moment are one write, in their order", async () => {
  const { writes, log } = gathering();
  for (let n = 1; n <= 3; n += 1) log.info({ n }, "a line");
  expect(writes).toEqual([]);
  await until(() => writes.length > 0, 2_000);
  expect(writes).toHaveLength(1);
  expect(writes[0]?.match(/"n":\d/g)).toEqual(['"n":1', '"n":2', '"n":3']);
  log.info("later");
  await until(() => writes.length > 1, 2_000);
  expect(writes[1]).toContain("later");
});

test.each(["warn", "error", "fatal"] as const)("a line of level %s does not wait, nor what came before it", (level) => {
  const { writes, log } = gathering();
  log.info("before");
  log[level]("why");
  expect(writes.map((text) => text.trim().split("\n").length)).toEqual([2]);
});

test("after a line of level fatal everything is written before the process goes on", () => {
  const { writes, synced, log } = gathering();
  log.error("before");
  expect(synced()).toBe(0);
  log.fatal("why");
  expect(synced()).toBe(writes.length);
});

test("many lines do not wait", () => {
  const { writes, log } = gathering();
  for (let n = 0; n < 1_000; n += 1) log.info("x".repeat(1_000));
  expect(writes.length).toBeGreaterThan(10);
});

test("what is written at the end of the process does not come again", async () => {
  const { writes, lines, log } = gathering();
  log.info("the end");
  lines.flush();
  lines.flush();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(writes).toHaveLength(1);
});
