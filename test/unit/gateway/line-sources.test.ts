import { expect, test } from "vitest";
import { LineSources } from "../../../src/gateway/line-sources.js";

function setUp(open: number) {
  const sources = new LineSources();
  const source = sources.enter("192.0.2.1");
  for (let n = 1; n < open; n += 1) sources.enter("192.0.2.1");
  const broken: number[] = [];
  /** Ends one connection by FIN. */
  const end = (now: number, name: number): void => {
    sources.leave(source);
    source.endedAbruptly(now, () => broken.push(name));
  };
  return { source, broken, end };
}

test("nine ends at one moment are nine clients; with the tenth, when that is more than half, a proxy has died", () => {
  const { broken, end } = setUp(12);
  for (let n = 1; n <= 9; n += 1) end(1_000 + n, n);
  expect(broken).toEqual([]);
  end(1_010, 10);
  expect(broken).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  end(1_011, 11);
  expect(broken).toHaveLength(11);
});

test("a reset counts as an end, because a proxy that dies with something unread resets the connection", () => {
  const { source, broken, end } = setUp(12);
  for (let n = 1; n <= 6; n += 1) end(1_000, n);
  for (let n = 7; n <= 10; n += 1) source.endedAbruptly(1_001);
  expect(broken).toEqual([1, 2, 3, 4, 5, 6]);
});

test("ten ends of a hundred connections are ten clients", () => {
  const { broken, end } = setUp(100);
  for (let n = 1; n <= 10; n += 1) end(1_000, n);
  expect(broken).toEqual([]);
});

test("ends that lie further apart than two seconds do not count together", () => {
  const { broken, end } = setUp(12);
  for (let n = 1; n <= 11; n += 1) end(n * 300, n);
  expect(broken).toEqual([]);
});

test("ends that go on and on are forgotten, also when there is never a pause between them", () => {
  const { source, end } = setUp(50_000);
  let most = 0;
  for (let n = 1; n <= 20_000; n += 1) {
    end(n * 100, n);
    most = Math.max(most, source.size);
  }
  expect(most).toBeLessThan(100);
});
