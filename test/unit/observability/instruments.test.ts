import { expect, test } from "vitest";
import { Instruments } from "../../../src/observability/instruments.js";

test("a counter counts by the number that it is told", async () => {
  const instruments = new Instruments("test_");
  const counter = instruments.counter("things_total", "Things.", { kind: ["a", "b"] });
  counter.inc({ kind: "a" }, 3);
  counter.inc({ kind: "a" });
  const text = await instruments.expose();
  expect(text).toContain('test_things_total{kind="a"} 4');
  expect(text).toContain('test_things_total{kind="b"} 0');
  instruments.close();
});
