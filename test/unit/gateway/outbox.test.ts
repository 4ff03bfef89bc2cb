import { expect, test } from "vitest";
import { Outbox } from "../../../src/gateway/outbox.js";

function setUp() {
  const phases: (() => void)[] = [];
  const outbox = new Outbox(() => new Promise((resolve) => phases.push(resolve)));
  const released: string[] = [];
  const hold = (name: string) => outbox.hold({ release: () => released.push(name) });
  const read = async () => {
    for (const end of phases.splice(0)) end();
    await Promise.resolve();
  };
  return { outbox, phases, released, hold, read };
}

test("what is held back is sent when everything that has arrived is read, each socket once", async () => {
  const { phases, released, hold, read } = setUp();
  hold("ada");
  hold("bob");
  expect([phases.length, released]).toEqual([1, []]);
  await read();
  expect(released).toEqual(["ada", "bob"]);
  hold("ada");
  await read();
  expect(released).toEqual(["ada", "bob", "ada"]);
});

test("more than 1 MiB is sent at once, and what comes after it waits again", async () => {
  const { outbox, released, hold, read } = setUp();
  hold("ada");
  outbox.wrote(1024 * 1024);
  expect(released).toEqual([]);
  outbox.wrote(1);
  expect(released).toEqual(["ada"]);
  hold("bob");
  outbox.wrote(1);
  expect(released).toEqual(["ada"]);
  await read();
  expect(released).toEqual(["ada", "bob"]);
});
